"""Rules of approvals on facts alone: what policies say, which wins, who is asked, who may decide.

No queries, no clock.
"""
