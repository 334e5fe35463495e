"""What lies in a folder of pictures, and data sets made of it."""
