"""Bad inputs and faults against the tools, from outside: `make campaign`.

Each file of cases is a table: kind, name, how the input is made, what is
right. `python tests/campaign --list` prints all of them.
"""

import os

# Before anything imports torch: cases share the cores, and are bit-equal.
os.environ['OMP_NUM_THREADS'] = '1'
os.environ['CUDA_VISIBLE_DEVICES'] = ''
