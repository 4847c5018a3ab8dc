"""The rules of this house that no general tool knows: each is a function from sources to findings.

`make check` runs them over the tracked files through tests/house, which also plants a violation of each.
A line that must break a rule says so in a comment, `house: RULE: REASON`, and is then left alone.
"""
