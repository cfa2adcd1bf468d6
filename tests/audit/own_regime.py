"""A regime of the institution's own, as somebody would propose it."""

OWN = """\
regime: own_board
name: Telling the board
short: Board
jurisdiction: Our house
status: in_force
confidence: verified
basis: primary
who: Everybody
trigger: An incident that the board wants to know of
authority: The board
applies_if: {has: {operand: home_state, any_of: [DE]}}
question: {label: Does the board want to know?, yields: determined_reportable}
stages:
- id: note
  name: Note to the board
  obligation: mandatory
  clock: {start: determined_reportable, limit: PT2H}
  citation: Rules of procedure, 4
"""
