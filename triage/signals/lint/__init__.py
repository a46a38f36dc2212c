"""Rules that signal files keep: small classes, one family a module, found by scanning `fit` and `proof`."""

from triage.signals.lint.rule import FileRule, Rule, essential_faults, lint_faults, rules

__all__ = ["FileRule", "Rule", "essential_faults", "lint_faults", "rules"]
