"""The depth configs at toy size, for two iterations."""

# One block each, but the families' own code: window tables, patches of 14.
TINY_SWIN = dict(
    type='timm',
    model_name='swin_tiny_patch4_window7_224',
    embed_dim=12,
    depths=(1, 1, 1, 1),
    num_heads=(1, 1, 2, 2),
)
TINY_DINO = dict(
    type='timm',
    model_name='vit_small_patch14_reg4_dinov2',
    embed_dim=24,
    depth=1,
    num_heads=2,
)


def shrink_model(cfg):
    """The paper's model with one narrow block per stage."""
    is_swin = cfg.model.backbone.encoder.startswith('swin')
    v2 = 'v2' if cfg.model.neck.decoder.startswith('convnextv2') else ''
    cfg.model.backbone.encoder = TINY_SWIN if is_swin else TINY_DINO
    cfg.model.backbone.weights = cfg.model.neck.weights = None
    cfg.model.neck.decoder = dict(
        type='timm',
        model_name=f'convnext{v2}_atto',
        depths=(1, 1, 1, 1),
        dims=(8, 8, 16, 16),
    )
    cfg.model.decode_head.update(channels=4, pyramid_channels=8)
    return cfg


def shrink(cfg, folder):
    """The paper's config at toy size, for two iterations of `folder`."""
    shrink_model(cfg)
    for transform in cfg.train_dataloader.dataset.pipeline:
        if transform['type'] == 'xnet_mm.DepthRandomCrop':
            transform['crop_size'] = (64, 96)
    cfg.merge_from_dict(
        {
            'model.data_preprocessor.size': (64, 96),
            'train_cfg.max_iters': 2,
            'train_cfg.val_interval': 2,
            'default_hooks.checkpoint.interval': 2,
            'work_dir': str(folder),
            'experiment_name': f'{folder.parent.name}-{folder.name}',
            'log_level': 'WARNING',
        }
    )
    for split in ('train', 'val', 'test'):
        cfg[f'{split}_dataloader'].update(
            num_workers=0, persistent_workers=False
        )
    return cfg
