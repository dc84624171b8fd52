"""Cost of a network: memory, operations and time."""

FLASH_BYTES, RAM_BYTES = 1024 * 1024, 256 * 1024  # nRF52840, on the Nano 33 BLE Sense
