"""Pieces in the files of other programs, read to a Song and written from one, one file a format."""
