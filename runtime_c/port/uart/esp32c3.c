/* UART 0 of the ESP32-C3 on the pins that the boot ROM has already given it, GPIO 21 (out) and 20 (in) (ESP32-C3
 * technical reference manual, chapter UART controller). */
#include "../port.h"

#define FIFO PORT_REG(PORT_UART + 0x00u)
#define INTERRUPTS PORT_REG(PORT_UART + 0x0Cu)
#define CLOCK_DIVIDER PORT_REG(PORT_UART + 0x14u)
#define STATUS PORT_REG(PORT_UART + 0x1Cu) /* bits 0-9: bytes received, bits 16-25: bytes waiting to be sent */
#define CONFIG0 PORT_REG(PORT_UART + 0x20u)
#define CLOCK_CONFIG PORT_REG(PORT_UART + 0x78u)
#define UPDATE PORT_REG(PORT_UART + 0x80u) /* bit 31: take over new settings; reads 1 until done */

#define FIFO_BYTES 128u

void uart_start(void)
{
    uint32_t sixteenths = (PORT_UART_CLOCK_HZ * 16u + PORT_BAUD / 2u) / PORT_BAUD;
    INTERRUPTS = 0;
    /* the 40 MHz crystal, undivided; clocks of transmitter, receiver and both together on */
    CLOCK_CONFIG = 1u << 25 | 1u << 24 | 1u << 22 | 3u << 20;
    CLOCK_DIVIDER = (sixteenths & 15u) << 20 | sixteenths >> 4;
    CONFIG0 = 1u << 28 | 3u << 2 | 1u << 4; /* memory clock on, 8 data bits, 1 stop bit */
    UPDATE |= 1u << 31;
    while (UPDATE & 1u << 31) {
    }
}

int port_read(void)
{
    while ((STATUS & 0x3FFu) == 0) {
        core_wait();
    }
    return (int)(FIFO & 0xFFu);
}

void port_write(const uint8_t *data, uint32_t length)
{
    for (; length != 0; --length) {
        while ((STATUS >> 16 & 0x3FFu) >= FIFO_BYTES - 1u) {
        }
        FIFO = *data++;
    }
}
