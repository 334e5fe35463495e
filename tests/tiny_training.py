"""The configs of segmentation at toy size, for two iterations."""

from config_files import find


def shrink(cfg, work_dir, size):
    """The paper's config at toy size: `size` is (height, width)."""
    height, width = size
    cfg.merge_from_dict(
        {
            'model.backbone.encoder': 'convnext_atto',
            'model.backbone.weights': None,
            'model.neck.decoder': 'convnext_atto',
            'model.neck.weights': None,
            'model.data_preprocessor.size': size,
            'train_cfg.max_iters': 2,
            'train_cfg.val_interval': 2,
            'work_dir': str(work_dir),
            'log_level': 'WARNING',
        }
    )
    pipeline = cfg.train_dataloader.dataset.pipeline
    find(pipeline, 'RandomResize').scale = (width, height)
    find(pipeline, 'RandomCrop').crop_size = size
    for loader in (cfg.val_dataloader, cfg.test_dataloader):
        find(loader.dataset.pipeline, 'Resize').scale = (width, height)
    for loader in ('train', 'val', 'test'):
        cfg[f'{loader}_dataloader'].update(
            num_workers=0, persistent_workers=False
        )
    return cfg
