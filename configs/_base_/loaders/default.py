# Loaders of all data: those of 8 GPUs x 2 images. The bases in ../datasets/
# add the data sets. There, LoadImageFromFile with _scope_='xnet_mm' is
# xnet_mm.LoadImage under the name that MMSegmentation's inferencer looks for.
train_dataloader = dict(
    batch_size=2,
    num_workers=4,
    persistent_workers=True,
    sampler=dict(type='InfiniteSampler', shuffle=True),
)
val_dataloader = dict(
    batch_size=1,
    num_workers=4,
    persistent_workers=True,
    sampler=dict(type='DefaultSampler', shuffle=False),
)
test_dataloader = val_dataloader
