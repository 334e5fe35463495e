"""What a comparison shows, in words: what holds and what does not."""

from collections.abc import Mapping, Sequence

from .figures import ALL, Ablation, Gain


def sentence(
    ablation: Ablation,
    names: Mapping[str, str],
    stem: str,
    base: str,
    metrics: Sequence[str],
) -> str:
    """One comparison: the metrics that got better, worse, and neither.

    Args:
        ablation: That holds the runs.
        names: What to call each config.
        stem: The config.
        base: The one that it is compared with.
        metrics: Some of `ALL`.
    """
    head = f'- **{names[stem]}** against {names[base]}: '
    gains = {
        m: gain for m in metrics if (gain := ablation.gain(stem, base, m))
    }
    if not gains:
        return f'{head}no seed in common.'
    parts = []
    for verdict, words in (
        ('better', 'better in'),
        ('worse', 'worse in'),
        ('open', 'not shown, as the interval contains 0 or there is none:'),
    ):
        found = [
            f'{m} ({_seeds(gain)})'
            for m, gain in gains.items()
            if gain.verdict(ALL[m]) == verdict
        ]
        if found:
            parts.append(f'{words} {", ".join(found)}')
    return f'{head}{"; ".join(parts)}.'


def _seeds(gain: Gain) -> str:
    """How many seeds say so, of the ones that say the opposite."""
    n = gain.difference.n
    if gain.better >= gain.worse:
        return f'better in {gain.better} of {n}'
    return f'worse in {gain.worse} of {n}'
