"""Rules that signal files keep: small classes, one family a module, found by scanning this package."""

from triage.signals.lint.rule import Rule, essential_faults, lint_faults, rules

__all__ = ["Rule", "essential_faults", "lint_faults", "rules"]
