"""Refunds (稳岗返还): what is known of every insured employer's year, and the screening that judges all of them in sets."""
