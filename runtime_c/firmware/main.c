#include "../port/port.h"
#include "server.h"

int main(void)
{
    int code = port_start();
    if (code == 0) {
        fw_serve();
    }
    port_leave(code);
}
