"""What the config of a shared model may say: names, options, nothing else.

MMEngine imports and calls what a `type` names, and many of its classes take
paths, addresses or further classes. So a stranger's `config.json` is held to
this list: the models and test pipelines of the shipped configs and the stock
boxes of MMSegmentation that were read for it. Left out on purpose are
`init_cfg`, `pretrained`, `weights`, `backend_args`, `class_weight`,
`file_client_args`, `plugins` and `dcn` (they open files, ask a network or
name more classes), and what only a training needs.
"""

from collections.abc import Mapping

SCOPES = ('mmseg', 'xnet_mm', 'mmengine', 'mmcv', 'mmpretrain', 'mmdet')
SEGMENTORS = (
    'EncoderDecoder',
    'xnet_mm.DepthSegmentor',
    'xnet_mm.MonoDepthEstimator',
)
LOADERS = (
    'xnet_mm.LoadImage',
    'xnet_mm.LoadMultiChannelImage',
    'LoadImageFromFile',
)
# A timm model in an encoder's or decoder's place; see `TIMM`.
TIMM_TYPE = 'timm'
# Options that name a classifier: by its name in timm, or by a config.
CLASSIFIERS = ('encoder', 'decoder')


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_BOXES = _words('backbone neck decode_head data_preprocessor test_cfg')
_PREPROCESSOR = _words(
    'mean std size size_divisor pad_val seg_pad_val bgr_to_rgb rgb_to_bgr '
    'test_cfg'
)
_HEAD = _words(
    'in_channels channels num_classes out_channels threshold dropout_ratio '
    'norm_cfg act_cfg in_index input_transform align_corners'
)
_DEPTH = _HEAD | _words('max_depth min_depth activation')
_PFP = _words('in_strides pyramid_channels out_stride norm act upsample')
_ENCODER = _words('encoder input_scale channels')
_RESNET = _words(
    'depth in_channels stem_channels base_channels num_stages strides '
    'dilations out_indices style deep_stem avg_down norm_cfg multi_grid '
    'contract_dilation zero_init_residual'
)
_TRANSFORMER = _words(
    'in_channels embed_dims num_heads strides out_indices mlp_ratio qkv_bias '
    'drop_rate attn_drop_rate drop_path_rate act_cfg norm_cfg'
)

# Registered name -> its options. The names are those of both OpenMMLab
# distributions; MMSegmentation's and mmcv's stand without a scope.
MODELS: Mapping[str, frozenset[str]] = {
    'EncoderDecoder': _BOXES,
    'xnet_mm.MonoDepthEstimator': _BOXES,
    'xnet_mm.DepthSegmentor': _BOXES | {'depth_head'},
    # preprocessors
    'SegDataPreProcessor': _PREPROCESSOR,
    'xnet_mm.MultiChannelDataPreProcessor': _PREPROCESSOR,
    'xnet_mm.DepthDataPreProcessor': _PREPROCESSOR,
    'xnet_mm.DepthSegDataPreProcessor': _PREPROCESSOR,
    # backbones
    'xnet_mm.PretrainedEncoder': _ENCODER | {'pyramid'},
    'xnet_mm.PretrainedPyramid': _ENCODER,
    'ResNet': _RESNET,
    'ResNetV1c': _RESNET,
    'ResNetV1d': _RESNET,
    'SwinTransformer': _TRANSFORMER
    | _words(
        'pretrain_img_size patch_size window_size depths qk_scale patch_norm '
        'use_abs_pos_embed'
    ),
    'MixVisionTransformer': _TRANSFORMER
    | _words('num_stages num_layers patch_sizes sr_ratios'),
    'mmpretrain.ConvNeXt': _words(
        'arch in_channels stem_patch_size norm_cfg act_cfg linear_pw_conv '
        'use_grn drop_path_rate layer_scale_init_value out_indices '
        'gap_before_final_norm'
    ),
    # necks
    'xnet_mm.PretrainedReversedDecoder': _words(
        'decoder mix pyramid_links in_channels in_stride norm act channels '
        'upsample'
    ),
    'xnet_mm.FPNDecoder': _words('decoder in_channels'),
    'Feature2Pyramid': _words('embed_dim rescales norm_cfg'),
    # heads
    'xnet_mm.PFPHead': _HEAD | _PFP,
    'xnet_mm.PFPDepthHead': _DEPTH | _PFP,
    'xnet_mm.UPerDepthHead': _DEPTH | {'pool_scales'},
    'xnet_mm.DPTDepthHead': _DEPTH,
    'xnet_mm.DPTPyramidHead': _HEAD,
    'xnet_mm.LinearHead': _HEAD,
    'xnet_mm.LinearDepthHead': _DEPTH,
    'FCNHead': _HEAD | _words('num_convs kernel_size concat_input dilation'),
    'UPerHead': _HEAD | {'pool_scales'},
    'PSPHead': _HEAD | {'pool_scales'},
    'ASPPHead': _HEAD | {'dilations'},
    'DepthwiseSeparableASPPHead': _HEAD
    | _words('dilations c1_in_channels c1_channels'),
    'SegformerHead': _HEAD | {'interpolate_mode'},
    'xnet_mm.CheckedMask2FormerHead': _words(
        'in_channels strides feat_channels out_channels num_classes '
        'num_queries num_transformer_feat_level align_corners pixel_decoder '
        'enforce_decoder_input_project positional_encoding '
        'transformer_decoder'
    ),
    'mmdet.MSDeformAttnPixelDecoder': _words(
        'in_channels strides feat_channels out_channels num_outs norm_cfg '
        'act_cfg encoder positional_encoding'
    ),
    # layers
    'BN': _words('eps momentum'),
    'SyncBN': _words('eps momentum'),
    'GN': _words('num_groups eps'),
    'LN': _words('eps'),
    'LN2d': _words('eps'),
    'GELU': frozenset(),
    'ReLU': _words('inplace'),
}
TRANSFORMS: Mapping[str, frozenset[str]] = {
    'xnet_mm.LoadImage': _words('to_float32'),
    'xnet_mm.LoadMultiChannelImage': _words('channels shown'),
    'LoadImageFromFile': _words('to_float32 color_type imdecode_backend'),
    'Resize': _words(
        'scale scale_factor keep_ratio clip_object_border backend '
        'interpolation'
    ),
    'ResizeToMultiple': _words('size_divisor interpolation'),
    'ResizeShortestEdge': _words('scale max_size'),
    'xnet_mm.DepthResize': _words('scale keep_ratio interpolation'),
    'xnet_mm.DepthSplatResize': _words('scale'),
    'xnet_mm.KBCrop': frozenset(),
    'xnet_mm.NYUCrop': _words('keep_size'),
    'PackSegInputs': _words('meta_keys'),
    'xnet_mm.PackDepthInputs': _words('meta_keys'),
}
# Options of dicts that have no `type`: how a test is run, the widths of a
# ConvNeXt, the layers of Mask2Former.
UNTYPED = _words(
    'mode crop_size stride flip align_corners size size_divisor '
    'depths channels dims '
    'num_layers layer_cfg self_attn_cfg cross_attn_cfg ffn_cfg '
    'embed_dims num_heads num_levels num_points dropout attn_drop proj_drop '
    'batch_first feedforward_channels num_fcs ffn_drop act_cfg '
    'return_intermediate num_feats normalize temperature scale offset eps '
    'dropout_layer add_identity norm_cfg im2col_step'
)
# Numbers that a timm model may be built with, beside its name. What timm
# itself reads (`pretrained`, `checkpoint_path`, `pretrained_cfg`,
# `cache_dir`, ...) is not among them.
TIMM = _words(
    'in_chans img_size patch_size window_size embed_dim embed_dims dims '
    'depth depths num_heads num_layers num_stages layers channels mlp_ratio '
    'mlp_ratios qkv_bias qk_norm init_values ls_init_value kernel_sizes '
    'use_grn conv_mlp conv_bias head_norm_first stem_width base_width '
    'cardinality output_stride strict_img_size dynamic_img_size '
    'dynamic_img_pad always_partition reg_tokens num_classes class_token '
    'drop_rate drop_path_rate attn_drop_rate proj_drop_rate pos_drop_rate '
    'patch_drop_rate'
)
# What a config has for training, or to find weights: not shared.
LEFT_OUT = _words(
    'init_cfg pretrained weights mix_init train_cfg auxiliary_head sampler '
    'loss_decode loss_cls loss_mask loss_dice ignore_index with_cp frozen '
    'frozen_stages norm_eval batch_augments non_blocking requires_grad '
    'backend_args file_client_args ignore_empty checkpoint checkpoint_path '
    'pretrained_cfg pretrained_cfg_overlay cache_dir grad_checkpointing'
)
