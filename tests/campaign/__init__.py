"""Bad inputs and faults against the tools, from outside: `make campaign`.

Each file of cases is a table: kind, name, how the input is made, what is
right. `python tests/campaign --list` prints all of them.
"""
