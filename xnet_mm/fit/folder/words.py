"""What the names of folders and files say: image or truth, train or val."""

import re
from typing import Literal, NamedTuple

# 'gt': truth of either task, which the files decide. 'other': of no use here.
Role = Literal['image', 'label', 'depth', 'gt', 'other', '']

SPLIT_WORDS = {
    'train': 'train', 'training': 'train', 'trn': 'train',
    'val': 'val', 'valid': 'val', 'validation': 'val', 'dev': 'val',
    'test': 'test', 'testing': 'test',
}  # fmt: skip
IMAGE = (
    'image|images|img|imgs|rgb|rgbs|color|colors|colour|colours|photo|photos|'
    'picture|pictures|pics|frame|frames|input|inputs|jpegimages|leftimg8bit|'
    'rightimg8bit|leftimg|original|originals|sat'
)
LABEL = (
    'mask|masks|label|labels|annotation|annotations|annot|annots|ann|anns|'
    'segmentation|segmentations|seg|segs|semantic|semantics|segmap|segmaps|'
    'segmentationclass|segmentationclassaug|segmentationclassraw|gtfine|'
    'gtcoarse|labelid|labelids|labelmap|labelmaps|labelled|labeled|annotated'
)
DEPTH = (
    'depth|depths|depthmap|depthmaps|gtdepth|depthgt|disparity|disparities|'
    'disp|disps|inversedepth'
)
TRUTH = 'gt|gts|groundtruth|groundtruths|truth|target|targets'
OTHER = (
    'instance|instances|segmentationobject|panoptic|vis|visualization|'
    'visualisation|overlay|overlays|preview|previews|thumb|thumbs|normal|'
    'normals'
)
ROLES: tuple[tuple[Role, str], ...] = (
    ('other', OTHER),
    ('depth', DEPTH),
    ('label', LABEL),
    ('gt', TRUTH),
    ('image', IMAGE),
)
_SPLIT = '|'.join(sorted(SPLIT_WORDS, key=len, reverse=True))
# `trainannot`, `valmasks`, `train2017`: words that are not set apart.
_GLUED = re.compile(rf'({_SPLIT})((?:{LABEL}|{IMAGE}|{DEPTH}|{TRUTH})?)')
_NUMBERED = re.compile(r'(?:image|img)0?\d')  # KITTI's cameras
_WORDS = re.compile(r'[a-z]+|\d+|[^\Wa-z\d_]+')
_SPLIT_NAME = re.compile(r'[_\-. ]+')

# Ends and beginnings of file names. One letter only after a separator.
_SHORT = {'label': 'l|y', 'depth': 'd|dpt', 'gt': '', 'image': 'x'}
_LONG = {
    'label': 'masks?|labels?|labelids|labeltrainids|seg|segs|segmentation|'
    'annotations?|annot|ann|gtfine_labelids|gtfine_labeltrainids|'
    'gtfine_color|gtcoarse_labelids|gtcoarse_labeltrainids|gtcoarse_color|'
    'color_mask|colou?r_labels?|mask_gt|gt_mask|gt_labels?|seg_mask|semantic',
    'depth': 'depth|depth_?map|sync_depth|gt_?depth|depth_?gt|disp|disparity',
    'gt': 'gt|groundtruth|ground_truth|truth|target',
    'image': 'image|img|rgb|colou?r|photo|sat|input|leftimg8bit',
    'other': 'gtfine_instanceids|gtcoarse_instanceids|instanceids|'
    'instances?|polygons|overlay|vis',
}
_ORDER: tuple[Role, ...] = ('other', 'depth', 'label', 'gt', 'image')


def _tail(role: str) -> re.Pattern:
    short = _SHORT.get(role)
    ends = rf'[_\-. ]+(?:{_LONG[role]}{"|" + short if short else ""})'
    return re.compile(rf'(?:{ends}|(?<=\d)(?:{_LONG[role]}))$')


_TAILS = {role: _tail(role) for role in _ORDER}
_HEADS = {
    role: re.compile(rf'(?:{_LONG[role]})(?:[_\-. ]+|(?=\d))')
    for role in _ORDER
}


class Part(NamedTuple):
    """One folder of a path.

    Attributes:
        role: of what lies in it.
        split: 'train', 'val', 'test' or ''.
        rest: what is left of the name.
    """

    role: Role
    split: str
    rest: str


class Stem(NamedTuple):
    """A file's name, without suffix, in small letters.

    Attributes:
        role: what it says of itself.
        key: without those words.
        addition: these words, with a `*` for the rest.
    """

    role: Role
    key: str
    addition: str


def read_part(name: str) -> Part:
    """What a folder's name says.

    Args:
        name: of one folder.
    """
    low = name.lower()
    whole = re.sub(r'[^a-z0-9]', '', low)
    if _NUMBERED.fullmatch(whole):
        return Part('image', '', '')
    words = [whole] if _role(whole) else _WORDS.findall(low)
    roles: list[Role] = []
    split, rest = '', []
    for word in words:
        glued = _GLUED.fullmatch(word)
        if glued:
            split = SPLIT_WORDS[glued[1]]
            word = glued[2]
        role = _role(word)
        if role:
            roles.append(role)
        elif word:
            rest.append(word)
    if split:  # train2017
        rest = [w for w in rest if not re.fullmatch(r'20\d\d', w)]
    best: Role = next((r for r in _ORDER if r in roles), '')
    if best == 'gt' and 'depth' in roles:
        best = 'depth'
    return Part(best, split, '_'.join(rest))


def read_stem(name: str) -> Stem:
    """What a file's name says, beside what it is called.

    Args:
        name: without folder and suffix.
    """
    low = name.lower()
    for role in _ORDER:
        found = _TAILS[role].search(low)
        if found and found.start():
            key = low[: found.start()]
            head = _HEADS[role].match(key)
            if head and head.end() < len(key):
                key = key[head.end() :]
            return Stem(role, key, f'*{found[0]}')
        head = _HEADS[role].match(low)
        if head and head.end() < len(low):
            return Stem(role, low[head.end() :], f'{head[0]}*')
    return Stem('', low, '*')


def _role(word: str) -> Role:
    for role, words in ROLES:
        if re.fullmatch(words, word):
            return role
    return ''
