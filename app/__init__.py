"""Blao: farms list produce, processors place orders, cooperatives see the chain."""
