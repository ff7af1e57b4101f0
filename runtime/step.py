"""One pass of the decoder over a few tokens, as launches of fused kernels and the buffers between them.

Six launches a layer: norm and query-key-value projection; attention with its norms, rotation and cache; projection back
with the residual; norm, router and choice of experts; gate and up; down with the residual. The buffers stay where they
are, and what changes from pass to pass is read from the device, so that a pass can be replayed. Knows neither sessions
nor text; the plain model (model.py) says what it computes.
"""

from __future__ import annotations
