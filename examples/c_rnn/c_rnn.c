/* A tanh RNN and its backpropagation through time in C99, checked by bptt-check.
 *
 *     cc -std=c99 -O2 -o c_rnn c_rnn.c -lm
 *     bptt-check run 'exec:./c_rnn'
 *
 * One layer, full BPTT, loss at every step or at the last, summed or averaged; softmax cross-entropy,
 * squared error or given cotangents. With -DBROKEN the gradient that h_t gets from step t+1 is lost,
 * which bptt-check finds.
 *
 * Arrays lie as in the files, last axis fastest: x [T][B][D], h [T+1][B][H] with h[0] the initial
 * state, W_xh [H][D], W_hh [H][H], b_h [H], W_hy [O][H], b_y [O].
 */
#include <math.h>

#include "safetensors.h"

typedef enum { CROSS_ENTROPY, MSE, LINEAR } Loss;

typedef struct {
    size_t T, B, D, H, O;
    Loss loss;
    int last; /* loss at the last step only */
    double scale; /* of every term of the loss */
    const double *x, *h0, *W_xh, *W_hh, *b_h, *W_hy, *b_y, *cotangent_h_n;
    const double *targets; /* of mse and linear */
    const int64_t *labels; /* of cross-entropy */
} Problem;

/* The gradients, in the order in which they are written; b_h, W_hy and b_y may be missing. */
typedef struct {
    double loss;
    double *x, *h0, *W_xh, *W_hh, *b_h, *W_hy, *b_y;
} Gradients;

/* y += W v, for W [rows][columns]. */
static void add_product(double *y, const double *W, const double *v, size_t rows, size_t columns) {
    for (size_t i = 0; i < rows; i++)
        for (size_t j = 0; j < columns; j++) y[i] += W[i * columns + j] * v[j];
}

/* v += W^T y. */
static void add_transposed(double *v, const double *W, const double *y, size_t rows, size_t columns) {
    for (size_t i = 0; i < rows; i++)
        for (size_t j = 0; j < columns; j++) v[j] += W[i * columns + j] * y[i];
}

/* W += y v^T. */
static void add_outer(double *W, const double *y, const double *v, size_t rows, size_t columns) {
    for (size_t i = 0; i < rows; i++)
        for (size_t j = 0; j < columns; j++) W[i * columns + j] += y[i] * v[j];
}

/* h_t = tanh(W_xh x_t + W_hh h_prev + b_h) */
static double *forward(const Problem *p) {
    size_t state = p->B * p->H;
    double *h = allocate((p->T + 1) * state, sizeof *h);
    memcpy(h, p->h0, state * sizeof *h);
    for (size_t t = 0; t < p->T; t++)
        for (size_t b = 0; b < p->B; b++) {
            const double *h_prev = h + t * state + b * p->H;
            double *h_t = h + (t + 1) * state + b * p->H;
            if (p->b_h) memcpy(h_t, p->b_h, p->H * sizeof *h);
            add_product(h_t, p->W_xh, p->x + (t * p->B + b) * p->D, p->H, p->D);
            add_product(h_t, p->W_hh, h_prev, p->H, p->H);
            for (size_t i = 0; i < p->H; i++) h_t[i] = tanh(h_t[i]);
        }
    return h;
}

/* Turns the logits y into dloss/dy and returns the loss; `at` is which target it has. */
static double softmax_backward(double *y, size_t O, int64_t label, double scale) {
    double largest = y[0], sum = 0.0;
    for (size_t o = 1; o < O; o++) largest = fmax(largest, y[o]);
    for (size_t o = 0; o < O; o++) sum += exp(y[o] - largest);
    double loss = largest + log(sum) - y[label];
    for (size_t o = 0; o < O; o++) y[o] = scale * exp(y[o] - largest) / sum;
    y[label] -= scale;
    return scale * loss;
}

static double squared_backward(double *y, size_t O, const double *target, double scale) {
    double loss = 0.0;
    for (size_t o = 0; o < O; o++) {
        double error = y[o] - target[o];
        loss += scale * error * error;
        y[o] = 2.0 * scale * error;
    }
    return loss;
}

/* Adds the loss of one state and its gradients; dh is that of the state. */
static void loss_backward(const Problem *p, Gradients *g, const double *h_t, size_t at, double *dh,
                          double *y) {
    if (p->loss == LINEAR) {
        for (size_t i = 0; i < p->H; i++) {
            g->loss += p->targets[at * p->H + i] * h_t[i];
            dh[i] += p->targets[at * p->H + i];
        }
        return;
    }
    for (size_t o = 0; o < p->O; o++) y[o] = p->b_y ? p->b_y[o] : 0.0;
    add_product(y, p->W_hy, h_t, p->O, p->H);
    g->loss += p->loss == MSE ? squared_backward(y, p->O, p->targets + at * p->O, p->scale)
                              : softmax_backward(y, p->O, p->labels[at], p->scale);
    add_outer(g->W_hy, y, h_t, p->O, p->H);
    for (size_t o = 0; p->b_y && o < p->O; o++) g->b_y[o] += y[o];
    add_transposed(dh, p->W_hy, y, p->O, p->H);
}

/* One sequence, from its end to its start. dh is what h_t gets from everything after it. */
static void backward(const Problem *p, Gradients *g, const double *h, size_t b, double *dh, double *y) {
    size_t state = p->B * p->H;
    double *da = allocate(p->H, sizeof *da);
    const double *h_n = h + p->T * state + b * p->H;
    for (size_t i = 0; p->cotangent_h_n && i < p->H; i++) {
        dh[i] = p->cotangent_h_n[b * p->H + i];
        g->loss += dh[i] * h_n[i];
    }
    for (size_t t = p->T; t-- > 0;) {
        const double *h_prev = h + t * state + b * p->H, *h_t = h_prev + state;
        const double *x_t = p->x + (t * p->B + b) * p->D;
        if (!p->last) loss_backward(p, g, h_t, t * p->B + b, dh, y);
        if (p->last && t == p->T - 1) loss_backward(p, g, h_t, b, dh, y);
        for (size_t i = 0; i < p->H; i++) da[i] = dh[i] * (1.0 - h_t[i] * h_t[i]);
        add_outer(g->W_xh, da, x_t, p->H, p->D);
        add_outer(g->W_hh, da, h_prev, p->H, p->H);
        for (size_t i = 0; p->b_h && i < p->H; i++) g->b_h[i] += da[i];
        add_transposed(g->x + (t * p->B + b) * p->D, p->W_xh, da, p->H, p->D);
        memset(dh, 0, p->H * sizeof *dh);
#ifdef BROKEN
        if (t > 0) continue; /* the carry is lost: step t-1 hears nothing of step t */
#endif
        add_transposed(dh, p->W_hh, da, p->H, p->H);
    }
    memcpy(g->h0 + b * p->H, dh, p->H * sizeof *dh);
    free(da);
}

static size_t size_of(const File *file, const char *key) {
    return strtoull(word(file, key), NULL, 10);
}

static Problem read_problem(const File *file) {
    const char *loss = word(file, "loss");
    Problem p = {
        size_of(file, "T"), size_of(file, "B"), size_of(file, "D"), size_of(file, "H"),
        size_of(file, "O"), !strcmp(loss, "mse") ? MSE : !strcmp(loss, "linear") ? LINEAR : CROSS_ENTROPY,
        !strcmp(word(file, "readout"), "last"), 1.0,
        find(file, "x", "F64"), find(file, "h0", "F64"), find(file, "W_xh_l0", "F64"),
        find(file, "W_hh_l0", "F64"), find(file, "b_h_l0", "F64"), find(file, "W_hy", "F64"),
        find(file, "b_y", "F64"), find(file, "cotangent_h_n", "F64"), NULL, NULL,
    };
    if (p.loss == CROSS_ENTROPY) p.labels = find(file, "targets", "I64");
    else p.targets = find(file, "targets", "F64");
    size_t terms = (p.last ? 1 : p.T) * p.B * (p.loss == MSE ? p.O : 1);
    if (!strcmp(word(file, "reduction"), "mean")) p.scale = 1.0 / (double)terms;
    if (!p.x || !p.h0 || !p.W_xh || !p.W_hh || (p.loss != LINEAR && !p.W_hy))
        die("the file lacks an array of", "a case");
    return p;
}

static void write_gradients(const Problem *p, Gradients *g, const char *path) {
    const char *const names[] = {"loss", "x", "h0", "W_xh_l0", "W_hh_l0", "b_h_l0", "W_hy", "b_y"};
    const int axes[] = {0, 3, 3, 2, 2, 1, 2, 1};
    size_t shape[][MAX_AXES] = {{0}, {p->T, p->B, p->D}, {1, p->B, p->H}, {p->H, p->D},
                                {p->H, p->H}, {p->H}, {p->O, p->H}, {p->O}};
    double *const values[] = {&g->loss, g->x, g->h0, g->W_xh, g->W_hh, g->b_h, g->W_hy, g->b_y};
    const void *const present[] = {g, g, g, g, g, p->b_h, p->W_hy, p->b_y};
    const char *kept_names[8];
    int count = 0, kept_axes[8];
    size_t kept_shape[8][MAX_AXES];
    double *kept_values[8];
    for (int i = 0; i < 8; i++) {
        if (!present[i]) continue;
        kept_names[count] = names[i];
        kept_axes[count] = axes[i];
        memcpy(kept_shape[count], shape[i], sizeof shape[i]);
        kept_values[count++] = values[i];
    }
    write_file(path, count, kept_names, kept_axes, kept_shape, kept_values);
}

/* One case: from the file of its arrays to the file of loss and gradients. */
static void answer(const char *in, const char *out) {
    File *file = read_file(in);
    Problem p = read_problem(file);
    size_t sizes[] = {p.T * p.B * p.D, p.B * p.H, p.H * p.D, p.H * p.H, p.H, p.O * p.H, p.O};
    double *zeros[7];
    for (int i = 0; i < 7; i++) zeros[i] = allocate(sizes[i], sizeof **zeros);
    Gradients g = {0.0, zeros[0], zeros[1], zeros[2], zeros[3], zeros[4], zeros[5], zeros[6]};
    double *h = forward(&p), *y = allocate(p.O, sizeof *y);
    for (size_t b = 0; b < p.B; b++) {
        double *dh = allocate(p.H, sizeof *dh);
        backward(&p, &g, h, b, dh, y);
        free(dh);
    }
    write_gradients(&p, &g, out);
    for (int i = 0; i < 7; i++) free(zeros[i]);
    free(h);
    free(y);
    free_file(file);
}

/* Without arguments: a hello line, then a line for every line. With two: one case. */
int main(int count, char **arguments) {
    char line[8192], key[MAX_NAME], in[4096], out[4096];
    if (count == 3) {
        answer(arguments[1], arguments[2]);
        return 0;
    }
    puts("{\"protocol\":1,\"name\":\"c_rnn\",\"supports\":{\"cell\":[\"rnn\"],\"activation\":[\"tanh\"],"
         "\"layers\":[1],\"bidirectional\":[false],\"loss\":[\"cross_entropy\",\"mse\",\"linear\"]},"
         "\"dtypes\":[\"float64\"]}");
    fflush(stdout);
    while (fgets(line, sizeof line, stdin)) {
        const char *at = line;
        size_t id = 0;
        json_expect(&at, '{');
        while (!json_accept(&at, '}')) {
            json_string(&at, key, sizeof key);
            json_expect(&at, ':');
            if (!strcmp(key, "id")) id = json_number(&at);
            else json_string(&at, !strcmp(key, "in") ? in : out, sizeof in);
            json_accept(&at, ',');
        }
        answer(in, out);
        printf("{\"id\":%zu,\"ok\":true}\n", id);
        fflush(stdout);
    }
    return 0;
}
