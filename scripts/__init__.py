"""Small tools of the house, run by make: nothing that Muster itself needs once it is installed."""
