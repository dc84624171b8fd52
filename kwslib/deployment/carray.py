"""A .tflite file as a C++ array for a TensorFlow Lite Micro sketch, in the format of `xxd -i`.

The names are those of TensorFlow Lite Micro's micro_speech example, the sketch that the original report used.
"""

from collections.abc import Sequence

from kwslib.deployment.ctext import c_literal

BYTES_A_LINE = 12

HEADER = """\
// A keyword spotter for TensorFlow Lite Micro, written by `kws export`.
// Input: 49 x 40 int8 features of the micro front end. Output: one int8 score a label.
#ifndef KWS_MODEL_DATA_H_
#define KWS_MODEL_DATA_H_

constexpr int kCategoryCount = {count};
extern const char* const kCategoryLabels[kCategoryCount];

extern const unsigned char g_model[];
extern const unsigned int g_model_len;

#endif  // KWS_MODEL_DATA_H_
"""

SOURCE = """\
// A keyword spotter for TensorFlow Lite Micro, written by `kws export`: {length} bytes.
#include "model_data.h"

const char* const kCategoryLabels[kCategoryCount] = {{{labels}}};

alignas(16) const unsigned char g_model[] = {{
{rows}
}};
const unsigned int g_model_len = {length};
"""


def c_header(labels: Sequence[str]) -> str:
    """model_data.h: declares the array, its length and the labels."""
    return HEADER.format(count=len(labels))


def c_source(content: bytes, labels: Sequence[str]) -> str:
    """model_data.cc: defines them."""
    lines = (content[offset : offset + BYTES_A_LINE] for offset in range(0, len(content), BYTES_A_LINE))
    rows = "\n".join("    " + " ".join(f"0x{byte:02x}," for byte in line) for line in lines)
    return SOURCE.format(length=len(content), labels=", ".join(map(c_literal, labels)), rows=rows)
