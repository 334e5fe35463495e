# DPT's head, wide enough for the seconds an image of the decoder that it
# replaces, on two threads of a CPU; on one it takes 1.1 times as many.
_base_ = './dpt_effnet-lite0_1xb4-1k_hololens-192x256.py'
model = dict(decode_head=dict(channels=80))
