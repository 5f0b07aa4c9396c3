/* "Direct boot": where the flash begins with this number twice, the ESP32-C3's boot ROM maps all of it and jumps behind
 * the two (github.com/espressif/esp32c3-direct-boot-example; chips from revision 3 on). */
    .section .boot2, "ax"
    .word 0xAEDB041D, 0xAEDB041D
    j reset_handler
