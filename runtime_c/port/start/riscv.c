/* Start-up, traps and exit of RISC-V cores in machine mode. */
#include "../../firmware/server.h"
#include "../port.h"

void trap_handler(void);
_Noreturn void trap_report(void);

__attribute__((naked, used, section(".vectors"))) void reset_handler(void)
{
    __asm__(".option push\n\t"
            ".option norelax\n\t"
            "la gp, __global_pointer$\n\t"
            ".option pop\n\t"
            "la sp, port_stack_top\n\t"
            "la t0, trap_handler\n\t"
            "csrw mtvec, t0\n\t"
            "tail bare_start");
}

/* The stack may be what broke: report from the top of it. mtvec needs four-byte alignment. */
__attribute__((naked, used, aligned(4))) void trap_handler(void)
{
    __asm__("la sp, port_stack_top\n\t"
            "tail trap_report");
}

_Noreturn void trap_report(void)
{
    uint32_t words[4] = {0, 0, 0, 0};
    __asm__ volatile("csrr %0, mepc" : "=r"(words[0]));
    __asm__ volatile("csrr %0, mcause" : "=r"(words[2]));
    __asm__ volatile("csrr %0, mtval" : "=r"(words[3]));
    fw_say_crashed(words);
    port_leave(3);
}

/* SiFive test finisher, which QEMU's virt board has too: PASS, or FAIL with a code above. */
_Noreturn void port_leave(int code)
{
    PORT_REG(PORT_FINISHER) = code == 0 ? 0x5555u : (uint32_t)code << 16 | 0x3333u;
    for (;;) {
    }
}
