"""Songs as documents that sound, and documents as songs.

`building.py` makes a document: notes or recordings, an instrument, effects, a strip, buses, the output, and curves on
what moves. `reading.py` goes the other way. What has no match among the nodes is said, one sentence for each thing.
"""
