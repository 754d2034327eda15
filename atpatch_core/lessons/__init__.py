"""What the Learn page teaches, as numbers: each lesson runs the shipped models or the library's own formula."""
