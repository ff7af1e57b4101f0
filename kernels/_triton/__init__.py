"""Triton kernels, one module for each kind of launch. Imported only where one runs: importing this imports triton."""
