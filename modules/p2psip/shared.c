/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The state that all Kamailio processes share. */
#include "modules/p2psip/shared.h"

#include <string.h>
#include <time.h>

#include "modules/p2psip/request.h"

struct p2psip_shared *p2psip_shared;

int64_t p2psip_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int p2psip_shared_init(void)
{
	p2psip_shared = shm_malloc(sizeof(*p2psip_shared));
	if (p2psip_shared == NULL) {
		SHM_MEM_ERROR;
		return -1;
	}
	memset(p2psip_shared, 0, sizeof(*p2psip_shared));
	strcpy(p2psip_shared->text, "starting");
	if (lock_init(&p2psip_shared->lock) == NULL)
		return -1;
	return 0;
}

void p2psip_shared_destroy(void)
{
	if (p2psip_shared == NULL)
		return;
	lock_destroy(&p2psip_shared->lock);
	shm_free(p2psip_shared);
	p2psip_shared = NULL;
}

void p2psip_shared_set_state(const struct p2psip_state *state)
{
	lock_get(&p2psip_shared->lock);
	memcpy(p2psip_shared->text, state->text, sizeof(p2psip_shared->text));
	p2psip_shared->text[sizeof(p2psip_shared->text) - 1] = '\0';
	lock_release(&p2psip_shared->lock);
	__atomic_store_n(&p2psip_shared->joined, state->joined != 0, __ATOMIC_RELEASE);
}

void p2psip_shared_set_running(int pid)
{
	__atomic_store_n(&p2psip_shared->joined, 0, __ATOMIC_RELEASE);
	lock_get(&p2psip_shared->lock);
	p2psip_shared->peer_pid = pid;
	strcpy(p2psip_shared->text, pid ? "starting" : "no peer");
	memset(&p2psip_shared->statistics, 0, sizeof(p2psip_shared->statistics));
	if (pid) {
		p2psip_shared->started = p2psip_now();
		p2psip_shared->generation++;
		p2psip_shared->restarts = p2psip_shared->generation - 1;
	}
	lock_release(&p2psip_shared->lock);
	__atomic_store_n(&p2psip_shared->running, pid != 0, __ATOMIC_RELEASE);
}

void p2psip_shared_text(char *text, size_t size)
{
	lock_get(&p2psip_shared->lock);
	snprintf(text, size, "%s", p2psip_shared->text);
	lock_release(&p2psip_shared->lock);
}

void p2psip_shared_statistics(struct p2psip_statistics *statistics)
{
	lock_get(&p2psip_shared->lock);
	*statistics = p2psip_shared->statistics;
	lock_release(&p2psip_shared->lock);
}

const char *p2psip_status_name(unsigned status)
{
	static const char *const names[] = {
	    [P2PSIP_OK] = "ok",
	    [P2PSIP_NOT_FOUND] = "not_found",
	    [P2PSIP_NO_CERTIFICATE] = "no_certificate",
	    [P2PSIP_NOT_JOINED] = "not_joined",
	    [P2PSIP_TIMED_OUT] = "timed_out",
	    [P2PSIP_REFUSED] = "refused",
	    [P2PSIP_BUSY] = "busy",
	    [P2PSIP_BAD_AOR] = "bad_aor",
	    [P2PSIP_FAILED] = "failed",
	    [P2PSIP_ONLY_HERE] = "only_here",
	    [P2PSIP_DEFERRED] = "deferred",
	    [P2PSIP_SUSPENDED] = "suspended",
	    [P2PSIP_ABSORBED] = "absorbed",
	};

	return status < sizeof(names) / sizeof(names[0]) ? names[status] : "failed";
}
