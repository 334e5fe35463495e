# UPerNet's head, wide enough for the seconds an image of the decoder that it
# replaces, on one thread of a CPU.
_base_ = './upernet_effnet-lite0_1xb4-1k_camvid-192x256.py'
model = dict(decode_head=dict(channels=96))
