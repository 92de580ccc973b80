// Names are looked up in /etc/hosts, then by DNS, both of which are in the static C library. Other sources that
// /etc/nsswitch.conf may name would be loaded from the machine, and fit only a C library of the same version.
#include <nss.h>

__attribute__((constructor)) static void look_up_in_files_and_dns(void) {
  __nss_configure_lookup("hosts", "files dns");
}
