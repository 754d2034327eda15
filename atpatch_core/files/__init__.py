"""Reading files that come from outside: bytes, JSON, CSV and Parquet, within the limits of `atpatch_core.limits`.

What is wrong with a file is a `DamagedError`, whatever the library underneath raises; the readers of the rooms make it
a sentence that names the file and says what to do.
"""
