"""Words out of a log, made fit for a sentence: one line, bounded, nothing that a terminal would obey."""


def plain(text: str, longest: int = 300) -> str:
    """`text` on one line, without control and format characters, at most `longest` characters."""
    shown = "".join(ch if ch.isprintable() else " " for ch in text[: 4 * longest])
    return " ".join(shown.split())[:longest]
