"""An LSTM as a `torch.autograd.Function` with a backward pass written by hand; gates i f g o."""

import torch


class LSTM(torch.autograd.Function):
    """Hidden states (T, B, H) from x (T, B, D), states (B, H), weights and one bias."""

    @staticmethod
    def forward(ctx, x, h, c, w_ih, w_hh, bias):
        """All hidden states; the gates are kept."""
        outputs, gates, cells, ctx.h0 = [], [], [c], h
        for x_t in x:
            i, f, g, o = (x_t @ w_ih.T + h @ w_hh.T + bias).chunk(4, dim=1)
            i, f, g, o = i.sigmoid(), f.sigmoid(), g.tanh(), o.sigmoid()
            c = f * c + i * g
            h = o * c.tanh()
            outputs.append(h)
            gates.append((i, f, g, o))
            cells.append(c)
        ctx.gates, ctx.cells, ctx.outputs = gates, cells, outputs
        ctx.save_for_backward(x, w_ih, w_hh)
        return torch.stack(outputs)

    @staticmethod
    def add(total, share):
        """How the gradient of the bias is accumulated."""
        return total + share

    @classmethod
    def backward(cls, ctx, d_out):
        """Gradients of the six arguments."""
        x, w_ih, w_hh = ctx.saved_tensors
        d_x, d_w_ih, d_w_hh = torch.zeros_like(x), torch.zeros_like(w_ih), torch.zeros_like(w_hh)
        d_bias, d_h, d_c = torch.zeros_like(w_ih[:, 0]), 0.0, 0.0
        for t in reversed(range(len(x))):
            i, f, g, o = ctx.gates[t]
            c_prev, tanh_c = ctx.cells[t], ctx.cells[t + 1].tanh()
            h_prev = ctx.outputs[t - 1] if t > 0 else ctx.h0
            d_h = d_h + d_out[t]
            d_c = d_c + d_h * o * (1 - tanh_c**2)
            slopes = i * (1 - i), f * (1 - f), 1 - g**2, o * (1 - o)
            shares = d_c * g, d_c * c_prev, d_c * i, d_h * tanh_c
            d_a = torch.cat([s * share for s, share in zip(slopes, shares, strict=True)], dim=1)
            d_w_ih += d_a.T @ x[t]
            d_w_hh += d_a.T @ h_prev
            d_bias = cls.add(d_bias, d_a.sum(dim=0))
            d_x[t], d_h, d_c = d_a @ w_ih, d_a @ w_hh, d_c * f
        return d_x, d_h, d_c, d_w_ih, d_w_hh, d_bias


class Assigned(LSTM):
    """The same with the bias assigned where it should be added up: the mistake."""

    @staticmethod
    def add(total, share):
        """The last share wins."""
        return share
