/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Slots of one page in a mapped file, behind the lengths of what is in them. What is in a slot counts once its
 * length is written, last of all, so a process may end at any point. The lengths lie apart because reading them
 * takes their pages into memory: those of slots never used stay out of it. */
#include "modules/p2psip/peer/journal.h"

#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

#define SLOTS 4096
#define HEAD_MAX 4000

typedef struct {
	uint8_t sent;
	uint8_t node_len;
	uint8_t node[RELOAD_NODE_ID_MAX];
	uint8_t head[HEAD_MAX];
} __attribute__((aligned(4096))) Slot;

typedef struct {
	uint32_t len[SLOTS]; /* of the head in each slot; 0: it is free */
	Slot slot[SLOTS];
} File;

struct Journal {
	File *file;
	unsigned free_count;
	uint16_t free[SLOTS]; /* the lately used last: few pages are touched */
};

Journal *journal_open(int fd, GError **error)
{
	Journal *self;
	void *file = MAP_FAILED;

	/* one that is long enough keeps what is in it */
	if (ftruncate(fd, sizeof(File)) == 0)
		file = mmap(NULL, sizeof(File), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (file == MAP_FAILED) {
		g_set_error(error, G_FILE_ERROR, g_file_error_from_errno(errno),
			    "--journal-fd %d: cannot be mapped: %s", fd, g_strerror(errno));
		return NULL;
	}
	self = g_new(Journal, 1);
	self->file = file;
	self->free_count = 0;
	for (unsigned i = SLOTS; i-- > 0;) {
		if (__atomic_load_n(&self->file->len[i], __ATOMIC_ACQUIRE) == 0)
			self->free[self->free_count++] = (uint16_t)i;
	}
	return self;
}

void journal_free(Journal *self)
{
	if (self == NULL)
		return;
	munmap(self->file, sizeof(File));
	g_free(self);
}

void journal_recover(Journal *self,
		     void (*each)(void *data, const ReloadNodeId *node, bool sent, ReloadSpan head),
		     void *data)
{
	for (unsigned i = 0; i < SLOTS; i++) {
		uint32_t len = self->file->len[i];
		ReloadNodeId node = {.len = 0};
		Slot slot;

		if (len == 0)
			continue;
		/* each may note it anew */
		slot = self->file->slot[i];
		journal_drop(self, i + 1);
		if (len > HEAD_MAX || slot.node_len < RELOAD_NODE_ID_MIN || slot.node_len > RELOAD_NODE_ID_MAX)
			continue; /* not ours: nothing to rely on */
		node.len = slot.node_len;
		memcpy(node.id, slot.node, node.len);
		each(data, &node, slot.sent != 0, (ReloadSpan){slot.head, len});
	}
}

unsigned journal_add(Journal *self, const ReloadNodeId *node, bool sent, ReloadSpan head)
{
	unsigned i;
	Slot *slot;

	if (self == NULL || self->free_count == 0 || head.len == 0 || head.len > HEAD_MAX)
		return 0;
	i = self->free[--self->free_count];
	slot = &self->file->slot[i];
	slot->sent = sent;
	slot->node_len = node->len;
	memcpy(slot->node, node->id, node->len);
	memcpy(slot->head, head.data, head.len);
	__atomic_store_n(&self->file->len[i], (uint32_t)head.len, __ATOMIC_RELEASE);
	return i + 1;
}

void journal_drop(Journal *self, unsigned entry)
{
	if (entry == 0)
		return;
	__atomic_store_n(&self->file->len[entry - 1], 0, __ATOMIC_RELEASE);
	self->free[self->free_count++] = (uint16_t)(entry - 1);
}
