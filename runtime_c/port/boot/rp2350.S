/* What the RP2350's boot ROM looks for in the first 4 KiB of flash: a block that says that this is a program for the
 * Arm cores in the secure state (RP2350 datasheet, section 5.9.5.1, the smallest such block). Without a vector table
 * item the ROM takes the table at the start of the flash. */
    .section .boot, "a"
    .balign 4
    .word 0xFFFFDED3 /* start of a block */
    .byte 0x42       /* item: image type, */
    .byte 1          /* of one word, */
    .hword 0x1021    /* executable, secure, Arm, RP2350 */
    .byte 0xFF       /* last item: */
    .hword 1         /* words in all the items before */
    .byte 0
    .word 0          /* the next block's distance: this is the only one */
    .word 0xAB123579 /* end of the block */
