"""Tensors, variables, gradients and traced functions: what TensorFlow users know, on rillet's operators and kernels.

    w = rillet.Variable(rillet.random.normal((3, 2)), name="w")

    @rillet.function
    def step(x, y):
        with rillet.GradientTape() as tape:
            loss = rillet.reduce_mean(rillet.square(x @ w - y))
        (gradient,) = tape.gradient(loss, [w])
        w.assign_sub(0.1 * gradient)
        return loss

How it works. Every operator goes through `call(kind, inputs, **attrs)`, which asks the current executor: the eager one
computes at once (small operators in NumPy, heavy ones in the C kernels), the tracing one appends to a graph. Both tell
the active tapes; a tape walks back through the gradient rules of `rillet.ops`, replayed by `call`, so tapes nest and
work while tracing. The public functions (`rillet.matmul`, `rillet.nn.conv2d` ...) only check arguments and `call`.

For layers and optimizers:
- `call` takes Tensors, Variables (their value now) and `Handle(variable)` (the variable itself, for `rillet.APPLY_*`),
  and integers or integer arrays as structural operands (axes, shapes), which become constants.
- A traced function reads a Variable in place; one that it assigned stays in the memory of its session, which is its
  home from then on, so a training loop copies nothing. `variable.numpy()` and `value()` are always the newest value.
- `cond` and `while_loop` become operators where they depend on traced tensors; Python's `if` and `for` are run while
  tracing. Gradients flow through `cond`; loops that are differentiated are Python loops.
- A function that is called under a tape outside of it is recorded as one operator, whose gradient is a second session;
  one that assigns variables or draws random numbers runs operator by operator there. Put the tape inside.
- Variables made while tracing get their first value at once (the initial value must not be a traced tensor).
- Convolution filters are (out, h, w, in) in the kernels: keep them so and say `filter_format="OHWI"`, and weights
  (out, in) for `nn.fully_connected`, or each step transposes.
- What changes from call to call of a function, such as a learning rate, must be a Tensor or Variable: Python numbers
  are part of the trace. `name_scope("layer")` names the operators traced inside.
- Eager and traced results agree within float32 rounding (1e-5 relative for sums of a few thousand products): NumPy and
  the kernels add in different orders.
"""

from ..ops import GradientError
from . import array_ops, math_ops, nn, random
from .array_ops import *  # noqa: F403
from .concrete import set_num_threads
from .control_flow import cond, while_loop
from .custom_gradient import custom_gradient
from .executor import EAGER, Handle
from .function import Function, function
from .math_ops import *  # noqa: F403
from .state import call, name_scope
from .tape import GradientTape, stop_gradient
from .tensor import Tensor, TensorError, TensorSpec, convert_to_tensor
from .variable import Variable

__all__ = [
    "EAGER",
    "Function",
    "GradientError",
    "GradientTape",
    "Handle",
    "Tensor",
    "TensorError",
    "TensorSpec",
    "Variable",
    "call",
    "cond",
    "convert_to_tensor",
    "custom_gradient",
    "function",
    "name_scope",
    "nn",
    "random",
    "set_num_threads",
    "stop_gradient",
    "while_loop",
]
__all__ += array_ops.__all__
__all__ += math_ops.__all__
