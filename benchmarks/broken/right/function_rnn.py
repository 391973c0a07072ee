"""Two tanh layers as one `torch.autograd.Function` with a backward pass by hand."""

import torch


class StackedRNN(torch.autograd.Function):
    """x (T, B, D), h0 (2, B, H); weights (out, in). Outputs of the second layer and last states."""

    @staticmethod
    def forward(ctx, x, h0, W1, U1, b1, W2, U2, b2):
        """Both layers, one step after the other."""
        h1, h2 = h0[0].clone(), h0[1].clone()
        first, second = [h1], [h2]
        for x_t in x:
            h1 = torch.tanh(x_t @ W1.T + h1 @ U1.T + b1)
            first.append(h1)
            h2 = torch.tanh(h1 @ W2.T + h2 @ U2.T + b2)
            second.append(h2)
        first, second = torch.stack(first), torch.stack(second)
        ctx.save_for_backward(x, W1, U1, W2, U2, first, second)
        return second[1:].clone(), torch.stack([h1, h2])

    @staticmethod
    def backward(ctx, dy, dlast):
        """Gradients of the eight arguments."""
        x, W1, U1, W2, U2, first, second = ctx.saved_tensors
        dx = torch.zeros_like(x)
        dW1, dU1, db1 = torch.zeros_like(W1), torch.zeros_like(U1), torch.zeros_like(U1[0])
        dW2, dU2, db2 = torch.zeros_like(W2), torch.zeros_like(U2), torch.zeros_like(U2[0])
        dh1, dh2 = dlast[0], dlast[1]
        for t in range(len(x) - 1, -1, -1):
            dh2 = dh2 + dy[t]
            da2 = dh2 * (1 - second[t + 1] ** 2)
            dW2 += da2.T @ first[t + 1]
            dU2 += da2.T @ second[t]
            db2 += da2.sum(0)
            dh2 = da2 @ U2
            dh1 = dh1 + da2 @ W2
            da1 = dh1 * (1 - first[t + 1] ** 2)
            dW1 += da1.T @ x[t]
            dU1 += da1.T @ first[t]
            db1 += da1.sum(0)
            dx[t] = da1 @ W1
            dh1 = da1 @ U1
        dh0 = torch.stack([dh1, dh2])
        return dx, dh0, dW1, dU1, db1, dW2, dU2, db2
