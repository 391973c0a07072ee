/* Reads and writes safetensors files: eight bytes of length, a JSON header, raw numbers.
 *
 * Only what a case needs: a flat header, strings as metadata, a machine that stores the lowest byte
 * first. Everything that is wrong ends the program with a sentence on standard error.
 */
#ifndef SAFETENSORS_H
#define SAFETENSORS_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_TENSORS = 32, MAX_NAME = 64, MAX_AXES = 4, MAX_WORDS = 32 };

typedef struct {
    char name[MAX_NAME], dtype[8];
    int axes;
    size_t shape[MAX_AXES];
    size_t begin, end; /* bytes after the header */
} Tensor;

typedef struct {
    unsigned char *data; /* what follows the header */
    int tensors, words;
    Tensor tensor[MAX_TENSORS];
    char key[MAX_WORDS][MAX_NAME], value[MAX_WORDS][MAX_NAME]; /* the metadata */
    unsigned char *bytes; /* the whole file */
} File;

static void die(const char *what, const char *which) {
    fprintf(stderr, "%s: %s\n", what, which);
    exit(1);
}

static void *allocate(size_t count, size_t size) {
    void *memory = calloc(count ? count : 1, size);
    if (!memory) die("no memory for", "an array");
    return memory;
}

/* --- JSON: `at` is where we read, and moves on ------------------------------------------------ */

static char json_peek(const char **at) {
    while (**at == ' ' || **at == '\t' || **at == '\n' || **at == '\r') ++*at;
    return **at;
}

static int json_accept(const char **at, char wanted) {
    if (json_peek(at) != wanted) return 0;
    ++*at;
    return 1;
}

static void json_expect(const char **at, char wanted) {
    const char what[2] = {wanted, 0};
    if (!json_accept(at, wanted)) die("JSON lacks", what);
}

static void json_string(const char **at, char *into, size_t size) {
    size_t n = 0;
    json_expect(at, '"');
    while (**at && **at != '"') {
        if (**at == '\\') ++*at; /* \" \\ and \/ stand for themselves; others never come */
        if (n + 1 >= size) die("a string is too long", into);
        into[n++] = *(*at)++;
    }
    into[n] = 0;
    json_expect(at, '"');
}

static size_t json_number(const char **at) {
    char *end;
    json_peek(at);
    size_t number = strtoull(*at, &end, 10);
    if (end == *at) die("JSON lacks a number before", end);
    *at = end;
    return number;
}

/* --- reading ------------------------------------------------------------------------------------ */

static void read_words(File *file, const char **at) {
    json_expect(at, '{');
    while (!json_accept(at, '}')) {
        if (file->words == MAX_WORDS) die("too many words of metadata", "");
        json_string(at, file->key[file->words], MAX_NAME);
        json_expect(at, ':');
        json_string(at, file->value[file->words++], MAX_NAME);
        json_accept(at, ',');
    }
}

static void read_tensor(Tensor *tensor, const char **at) {
    char key[MAX_NAME];
    json_expect(at, '{');
    while (!json_accept(at, '}')) {
        json_string(at, key, sizeof key);
        json_expect(at, ':');
        if (!strcmp(key, "dtype")) {
            json_string(at, tensor->dtype, sizeof tensor->dtype);
        } else if (!strcmp(key, "shape")) {
            json_expect(at, '[');
            for (tensor->axes = 0; !json_accept(at, ']'); json_accept(at, ',')) {
                if (tensor->axes == MAX_AXES) die("too many axes", tensor->name);
                tensor->shape[tensor->axes++] = json_number(at);
            }
        } else { /* data_offsets */
            json_expect(at, '[');
            tensor->begin = json_number(at);
            json_expect(at, ',');
            tensor->end = json_number(at);
            json_expect(at, ']');
        }
        json_accept(at, ',');
    }
}

static unsigned char *read_all(const char *path, size_t *size) {
    FILE *stream = fopen(path, "rb");
    if (!stream) die("cannot open", path);
    fseek(stream, 0, SEEK_END);
    *size = (size_t)ftell(stream);
    rewind(stream);
    unsigned char *bytes = allocate(*size + 1, 1);
    if (fread(bytes, 1, *size, stream) != *size) die("cannot read", path);
    fclose(stream);
    return bytes;
}

static File *read_file(const char *path) {
    File *file = allocate(1, sizeof *file);
    size_t size;
    uint64_t length;
    char name[MAX_NAME];
    file->bytes = read_all(path, &size);
    if (size < 8) die("no safetensors file", path);
    memcpy(&length, file->bytes, 8);
    if (length > size - 8) die("a truncated safetensors file", path);
    file->data = file->bytes + 8 + length;
    char *header = allocate(length + 1, 1);
    memcpy(header, file->bytes + 8, length);
    const char *at = header;
    json_expect(&at, '{');
    while (!json_accept(&at, '}')) {
        json_string(&at, name, sizeof name);
        json_expect(&at, ':');
        if (!strcmp(name, "__metadata__")) {
            read_words(file, &at);
        } else {
            if (file->tensors == MAX_TENSORS) die("too many tensors in", path);
            Tensor *tensor = &file->tensor[file->tensors++];
            strcpy(tensor->name, name);
            read_tensor(tensor, &at);
            if (tensor->end > size - 8 - length) die("a truncated safetensors file", path);
        }
        json_accept(&at, ',');
    }
    free(header);
    return file;
}

static void free_file(File *file) {
    free(file->bytes);
    free(file);
}

/* The numbers of a tensor; NULL if there is none of that name. */
static void *find(const File *file, const char *name, const char *dtype) {
    for (int i = 0; i < file->tensors; i++) {
        if (strcmp(file->tensor[i].name, name)) continue;
        if (strcmp(file->tensor[i].dtype, dtype)) die("another dtype than expected", name);
        return file->data + file->tensor[i].begin;
    }
    return NULL;
}

/* A word of the metadata. */
static const char *word(const File *file, const char *key) {
    for (int i = 0; i < file->words; i++)
        if (!strcmp(file->key[i], key)) return file->value[i];
    die("the metadata lacks", key);
    return NULL;
}

/* --- writing ------------------------------------------------------------------------------------ */

/* Writes arrays of doubles. `shape[i]` has `axes[i]` entries; none for a single number. */
static void write_file(const char *path, int count, const char *const *names, const int *axes,
                       size_t (*shape)[MAX_AXES], double *const *values) {
    char *header = allocate((size_t)count * 256 + 16, 1), *at = header;
    size_t offset = 0;
    at += sprintf(at, "{");
    for (int i = 0; i < count; i++) {
        size_t entries = 1;
        at += sprintf(at, "%s\"%s\":{\"dtype\":\"F64\",\"shape\":[", i ? "," : "", names[i]);
        for (int axis = 0; axis < axes[i]; axis++) {
            entries *= shape[i][axis];
            at += sprintf(at, "%s%zu", axis ? "," : "", shape[i][axis]);
        }
        at += sprintf(at, "],\"data_offsets\":[%zu,%zu]}", offset, offset + 8 * entries);
        offset += 8 * entries;
    }
    at += sprintf(at, "}");
    while ((at - header) % 8) at += sprintf(at, " "); /* so that the numbers are aligned */

    FILE *stream = fopen(path, "wb");
    if (!stream) die("cannot write", path);
    uint64_t length = (uint64_t)(at - header);
    fwrite(&length, 8, 1, stream);
    fwrite(header, 1, length, stream);
    for (int i = 0; i < count; i++) {
        size_t entries = 1;
        for (int axis = 0; axis < axes[i]; axis++) entries *= shape[i][axis];
        fwrite(values[i], 8, entries, stream);
    }
    if (fclose(stream)) die("cannot write", path);
    free(header);
}

#endif
