"""Whole layers and products on a processor, in C++: few calls instead of many operations, each row in its own order."""
