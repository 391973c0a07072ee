"""An LSTM layer as a custom `torch.autograd.Function`, right and with one term missing.

    bptt-check run examples/torch_lstm_function.py:right --model lstm
    bptt-check run examples/torch_lstm_function.py:broken --model lstm

Everything outside of the function (the head, the loss) is left to autograd and to `bptt_check`, so
what is checked is this backward pass.
"""

from __future__ import annotations

from typing import Any

import torch

from bptt_check.subjects.torch import from_function


class LSTM(torch.autograd.Function):
    """All steps of one layer: x (T, B, D), h0 and c0 (B, H) to all h (T, B, H) and the last c."""

    @staticmethod
    def forward(ctx: Any, x: Any, h0: Any, c0: Any, W_xh: Any, W_hh: Any, b: Any) -> Any:
        h_t, c_t = h0, c0
        steps, hs = [], []
        for x_t in x:
            h_prev, c_prev = h_t, c_t
            a_i, a_f, a_g, a_o = (x_t @ W_xh.T + h_prev @ W_hh.T + b).chunk(4, dim=-1)
            i, f, g, o = a_i.sigmoid(), a_f.sigmoid(), a_g.tanh(), a_o.sigmoid()
            c_t = f * c_prev + i * g
            h_t = o * c_t.tanh()
            steps.append(torch.stack([h_prev, c_prev, i, f, g, o, c_t.tanh()]))
            hs.append(h_t)
        ctx.save_for_backward(x, W_xh, W_hh, torch.stack(steps))
        return torch.stack(hs), c_t

    @staticmethod
    def backward(ctx: Any, h_bars: Any, c_bar: Any, carry_c: bool = True) -> Any:
        x, W_xh, W_hh, steps = ctx.saved_tensors
        x_bar, W_xh_bar, W_hh_bar = torch.zeros_like(x), torch.zeros_like(W_xh), 0.0 * W_hh
        b_bar = W_hh.new_zeros(W_hh.shape[0])
        h_bar = torch.zeros_like(c_bar)
        for t in reversed(range(len(x))):
            h_prev, c_prev, i, f, g, o, tanh_c = steps[t]
            h_bar = h_bar + h_bars[t]
            c_bar = c_bar + h_bar * o * (1 - tanh_c**2)
            a_bar = torch.cat(
                [
                    c_bar * g * i * (1 - i),
                    c_bar * c_prev * f * (1 - f),
                    c_bar * i * (1 - g**2),
                    h_bar * tanh_c * o * (1 - o),
                ],
                dim=-1,
            )
            x_bar[t] = a_bar @ W_xh
            W_xh_bar += a_bar.T @ x[t]
            W_hh_bar += a_bar.T @ h_prev
            b_bar += a_bar.sum(dim=0)
            h_bar = a_bar @ W_hh
            c_bar = c_bar * f if carry_c else torch.zeros_like(c_bar)
        return x_bar, h_bar, c_bar, W_xh_bar, W_hh_bar, b_bar


class BrokenLSTM(LSTM):
    """The same, but the gradient of the cell state is not carried to the step before."""

    @staticmethod
    def backward(ctx: Any, h_bars: Any, c_bar: Any) -> Any:
        return LSTM.backward(ctx, h_bars, c_bar, carry_c=False)


def layer(function: Any, case: Any) -> Any:
    """Outputs and final states as `torch.nn.LSTM` returns them; we get the loss of them."""
    p = case.params
    weights = p["W_xh_l0"], p["W_hh_l0"], p["b_h_l0"]
    h, c_n = function.apply(case.x, case.h0[0], case.c0[0], *weights)
    return h, (h[-1:], c_n[None])


def supports(model: Any) -> bool:
    """One layer, one direction, with biases."""
    return model.cell == "lstm" and model.layers == 1 and not model.bidirectional and model.bias


right = from_function(lambda case: layer(LSTM, case), name="right", supports=supports)
broken = from_function(lambda case: layer(BrokenLSTM, case), name="broken", supports=supports)
