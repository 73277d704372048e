"""A second opinion on a cleared book, worked out with nothing of the engine or its readers.

It reads the snapshot for itself, tries every pair of offer and demand, and says what in an answer
does not follow. Whoever distrusts the engine needs to read this folder only.
"""

from app.clearing.verifier.proof import Fault, Verdict, verify

__all__ = ["Fault", "Verdict", "verify"]
