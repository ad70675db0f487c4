/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The way of a request from a worker to the broker and of its answer to the async workers.
 *
 * The answers wait in a list in shared memory. A task pushed to the async group does not stand for
 * one answer: it makes one async worker work on the list until it is empty, and as many tasks are
 * pushed as there are workers. So the datagram socket below async_task_group_push never holds more
 * than that. */
#include "modules/p2psip/request.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "modules/p2psip/config.h"
#include "modules/p2psip/shared.h"

struct answers {
	gen_lock_t lock;
	struct p2psip_request *first;
	struct p2psip_request **end;
	unsigned active; /* async workers that have been told to work on it */
	unsigned under_way;
	unsigned identities; /* of them, P2PSIP_FOR_IDENTITY */
	int poked;
};

static struct answers *answers;
static int pipe_fds[2] = {-1, -1};

int p2psip_requests_init(void)
{
	answers = shm_malloc(sizeof(*answers));
	if (answers == NULL) {
		SHM_MEM_ERROR;
		return -1;
	}
	memset(answers, 0, sizeof(*answers));
	answers->end = &answers->first;
	if (lock_init(&answers->lock) == NULL)
		return -1;
	if (pipe2(pipe_fds, O_NONBLOCK | O_CLOEXEC) != 0) {
		LM_ERR("pipe to the broker: %s\n", strerror(errno));
		return -1;
	}
	return 0;
}

void p2psip_requests_destroy(void)
{
	struct p2psip_request *request;

	if (answers == NULL)
		return;
	while ((request = p2psip_requests_receive()) != NULL)
		p2psip_request_free(request);
	while ((request = answers->first) != NULL) {
		answers->first = request->next;
		p2psip_request_free(request);
	}
	close(pipe_fds[0]);
	close(pipe_fds[1]);
	shm_free(answers);
	answers = NULL;
}

static int count_up(unsigned *count, unsigned max)
{
	if (__atomic_add_fetch(count, 1, __ATOMIC_RELAXED) <= max)
		return 0;
	__atomic_sub_fetch(count, 1, __ATOMIC_RELAXED);
	return -1;
}

/* Counts a request of this purpose: 0, or -1 when there are too many. */
static int admit(enum p2psip_purpose purpose)
{
	unsigned max = (unsigned)p2psip_config.queue_size;

	if (count_up(&answers->under_way, max) != 0)
		return -1;
	/* The others are for phones of this edge. */
	if (purpose != P2PSIP_FOR_IDENTITY ||
	    count_up(&answers->identities,
		     (max < P2PSIP_LOOKUPS_MAX ? max : P2PSIP_LOOKUPS_MAX) / 4) == 0)
		return 0;
	__atomic_sub_fetch(&answers->under_way, 1, __ATOMIC_RELAXED);
	return -1;
}

static void dismiss(enum p2psip_purpose purpose)
{
	if (purpose == P2PSIP_FOR_IDENTITY)
		__atomic_sub_fetch(&answers->identities, 1, __ATOMIC_RELAXED);
	__atomic_sub_fetch(&answers->under_way, 1, __ATOMIC_RELAXED);
}

struct p2psip_request *p2psip_request_new(enum p2psip_purpose purpose)
{
	struct p2psip_request *request;

	if (admit(purpose) != 0)
		return NULL;
	request = shm_malloc(sizeof(*request));
	if (request == NULL) {
		SHM_MEM_ERROR;
		dismiss(purpose);
		return NULL;
	}
	memset(request, 0, sizeof(*request));
	request->purpose = purpose;
	return request;
}

void p2psip_request_free(struct p2psip_request *request)
{
	if (request->purpose == P2PSIP_FOR_RPC)
		sem_destroy(&request->answered);
	if (request->text != NULL)
		shm_free(request->text);
	dismiss(request->purpose);
	shm_free(request);
}

/* Pointers are shorter than PIPE_BUF, so they are written whole or not at all. */
static int put(struct p2psip_request *request)
{
	ssize_t n;

	do {
		n = write(pipe_fds[1], &request, sizeof(request));
	} while (n < 0 && errno == EINTR);
	return n == sizeof(request) ? 0 : -1;
}

int p2psip_request_send(struct p2psip_request *request)
{
	return put(request);
}

void p2psip_broker_poke(void)
{
	if (__atomic_exchange_n(&answers->poked, 1, __ATOMIC_ACQ_REL) == 0 && put(NULL) != 0)
		__atomic_store_n(&answers->poked, 0, __ATOMIC_RELEASE);
}

int p2psip_requests_fd(void)
{
	return pipe_fds[0];
}

struct p2psip_request *p2psip_requests_receive(void)
{
	struct p2psip_request *request;
	ssize_t n;

	for (;;) {
		n = read(pipe_fds[0], &request, sizeof(request));
		if (n < 0 && errno == EINTR)
			continue;
		if (n != sizeof(request))
			return NULL;
		if (request != NULL)
			return request;
		__atomic_store_n(&answers->poked, 0, __ATOMIC_RELEASE);
	}
}

/* An async worker's task. */
static void work(void *unused)
{
	struct p2psip_request *request;

	for (;;) {
		lock_get(&answers->lock);
		request = answers->first;
		if (request == NULL) {
			answers->active--;
			lock_release(&answers->lock);
			return;
		}
		answers->first = request->next;
		if (answers->first == NULL)
			answers->end = &answers->first;
		lock_release(&answers->lock);
		p2psip_resume(request);
	}
}

/* How many workers the async group has; only the process table tells. */
static unsigned group_workers(void)
{
	static unsigned workers;
	char name[MAX_PT_DESC];

	if (workers > 0)
		return workers;
	snprintf(name, sizeof(name), P2PSIP_ASYNC_PROCESS, p2psip_config.async_group);
	for (int i = 0; i < *process_count; i++) {
		if (strcmp(pt[i].desc, name) == 0)
			workers++;
	}
	if (workers == 0)
		workers = 1;
	return workers;
}

static int push_task(void)
{
	str group = {p2psip_config.async_group, strlen(p2psip_config.async_group)};
	async_task_t *task = shm_malloc(sizeof(*task));

	if (task == NULL) {
		SHM_MEM_ERROR;
		return -1;
	}
	memset(task, 0, sizeof(*task));
	task->exec = work;
	if (async_task_group_push(&group, task) == 0)
		return 0;
	shm_free(task);
	return -1;
}

void p2psip_requests_kick(void)
{
	int push;

	lock_get(&answers->lock);
	push = answers->first != NULL && answers->active < group_workers();
	if (push)
		answers->active++;
	lock_release(&answers->lock);
	if (!push || push_task() == 0)
		return;
	lock_get(&answers->lock);
	answers->active--;
	lock_release(&answers->lock);
}

void p2psip_request_answered(struct p2psip_request *request)
{
	request->next = NULL;
	lock_get(&answers->lock);
	*answers->end = request;
	answers->end = &request->next;
	lock_release(&answers->lock);
	p2psip_requests_kick();
}

unsigned p2psip_requests_count(void)
{
	return __atomic_load_n(&answers->under_way, __ATOMIC_RELAXED);
}
