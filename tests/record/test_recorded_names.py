"""Names of recorded values and models: pages, notebooks and recorded files contain them, so that none may change."""

import inspect

from kwslib.record import names

NAMES = {
    names.width: {(3,): "3bit", ("ternary",): "ternary"},
    names.quantized: {(3,): "qat_3bit", ("ternary", "ptq", "original, gauss"): "ptq_original_gauss_ternary"},
    names.unstructured: {(90.0,): "unstructured_90"},
    names.sparse: {(97.5,): "sparse_97.5"},
    names.channels: {(4,): "channels_4"},
    names.ternary: {("channels_4",): "channels_4_ternary"},
    names.seed_checkpoint: {(0,): "tinyconv_seed0.pt", ("*", "tenet"): "tenet_seed*.pt"},
    names.seed_tflite: {(1, "tenet"): "tenet_seed1.tflite"},
    names.tflite: {("tinyconv",): "tinyconv.tflite"},
    names.for_field: {("tenet",): "tenet_field"},
    names.field_tflite: {("tenet",): "tenet_field.tflite", ("tenet", 3): "tenet_field_seed3.tflite"},
    names.field_checkpoint: {("tenet",): "tenet_field.pt"},
    names.quantized_checkpoint: {(3,): "tinyconv_qat3.pt", ("ternary",): "tinyconv_qat_ternary.pt"},
    names.pruned_checkpoint: {("channels_4",): "tinyconv_channels_4.pt", ("a", 8): "tinyconv_a_qat_8.pt"},
    names.pruned_tflite: {("channels_4",): "tinyconv_channels_4.tflite"},
    names.qat: {(8,): "qat_8"},
    names.qat_validation: {(8,): "qat_8_validation"},
    names.accuracy: {("channels_4",): "accuracy_channels_4", ("a", "raw"): "accuracy_a_raw"},
    names.unknown_accuracy: {("tenet",): "accuracy_unknown_tenet"},
    names.samples: {("testing", "yes"): "samples_testing_yes"},
    names.correct: {("testing", "yes"): "correct_testing_yes"},
    names.test_accuracy: {("original, fixed test",): "accuracy_testing_original_fixed_test"},
    names.validation: {("channels_4",): "validation_channels_4"},
    names.lowest_accuracy: {("qat_3bit",): "accuracy_qat_3bit_lowest"},
    names.field_accuracy: {
        ("tenet",): "accuracy_testing_tenet_field",
        ("tenet", "float32"): "accuracy_testing_tenet_field_float32",
    },
    names.int8_accuracy: {("tenet",): "accuracy_testing_tenet_int8"},
    names.cause: {(3, "qat", "biases, in 32-bit"): "accuracy_qat_3bit_biases_in_32_bit"},
    names.loss: {("qat_3bit",): "loss_qat_3bit"},
    names.qat_gain: {(3,): "qat_minus_ptq_3bit"},
    names.parameters: {("channels_4",): "parameters_channels_4"},
    names.macs: {("tenet",): "macs_tenet"},
    names.in_field: {("tenet",): "field_tenet"},
    names.false_accepts: {("tenet",): "false_accepts_per_hour_tenet"},
    names.ahead: {("tenet",): "ahead_tenet", ("tenet", "crnn"): "ahead_tenet_of_crnn"},
    names.ahead_on_words: {("rare", "tenet"): "ahead_tenet_rare"},
    names.clips_that_fire: {("tenet",): "clips_that_fire_tenet"},
    names.missed: {("tenet",): "missed_tenet"},
    names.missed_at_most: {("tenet",): "missed_at_one_an_hour_tenet"},
    names.missed_where: {("tenet", "noisiest"): "missed_tenet_noisiest"},
    names.threshold: {("tenet",): "threshold_tenet"},
    names.smoothing: {("tenet",): "smoothing_tenet"},
    names.by_model: {("threshold", "field"): "field_threshold"},
    names.by_factor: {("factor", "field", "at 0.5, no noise"): "field_factor_at_05_no_noise"},
    names.chain: {("load", "tinyconv"): "load_tinyconv"},
    names.stage_ms: {("network", "tinyconv"): "hop_ms_network_tinyconv"},
    names.battery_days: {("Two AA", "tinyconv"): "days_two_aa_tinyconv"},
    names.long_file: {("misses", "tenet"): "long_misses_tenet"},
    names.flops: {("channels_4",): "flops_channels_4"},
    names.counted_bytes: {("weights", "int8"): "weights_bytes_int8"},
    names.flash_weights: {("3bit",): "flash_weights_3bit"},
    names.board_ms: {("3bit",): "board_ms_3bit", ("3bit", "linear_only"): "board_ms_3bit_linear_only"},
    names.clip_ms: {("tenet",): "board_ms_clip_tenet"},
    names.hop_ms: {("tenet",): "board_ms_hop_tenet"},
    names.board_energy: {("3bit",): "board_energy_3bit"},
    names.firmware: {("board_ram", "3bit"): "board_ram_3bit"},
    names.cpu_latency_ms: {("3bit",): "cpu_latency_ms_3bit"},
    names.removed_share: {("falls", "channels", "raw"): "falls_channels_raw"},
    names.breaks_even: {("flash",): "breakeven_flash"},
}


def test_every_name_is_as_recorded():
    for function, cases in NAMES.items():
        assert {given: function(*given) for given in cases} == cases


def test_every_function_of_names_is_among_these():
    functions = {function for _, function in inspect.getmembers(names, inspect.isfunction)}
    assert functions == NAMES.keys()
