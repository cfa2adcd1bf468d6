"""Filings: one report made under a regime, from the record to the authority's answer.

What a report asks for is data (data/, reading.py, model.py); whether it is complete is pure code (conditions.py,
checking.py); exports/ writes it down. Values come from providers (prefill.py) or from people, each with its evidence.
"""
