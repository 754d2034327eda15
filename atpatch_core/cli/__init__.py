"""The command line: thin over the library's functions, with `--json` for machines and progress bars for people."""
