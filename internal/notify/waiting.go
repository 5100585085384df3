package notify

import (
	"context"
	"errors"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// Where a partition begins and ends, as a time to ask for
// (https://kafka.apache.org/protocol#The_Messages_ListOffsets).
const (
	beginning = -2
	end       = -1
)

// Waiting is how many messages of the hub its consumer group has not marked as read.
// The error says why that cannot be told, and what to do.
func (h *Hub) Waiting(ctx context.Context) (messages int64, err error) {
	client, err := h.client()
	if err != nil {
		return 0, err
	}
	defer client.Close()
	ctx, cancel := context.WithTimeout(ctx, askWithin)
	defer cancel()
	messages, err = h.waiting(ctx, client)
	return messages, h.explain(err)
}

func (h *Hub) waiting(ctx context.Context, client *kgo.Client) (messages int64, err error) {
	partitions, err := h.partitions(ctx, client)
	if err != nil {
		return 0, err
	}
	first, err := h.offsets(ctx, client, partitions, beginning)
	if err != nil {
		return 0, err
	}
	next, err := h.offsets(ctx, client, partitions, end)
	if err != nil {
		return 0, err
	}
	marks, err := h.marks(ctx, client, partitions)
	if err != nil {
		return 0, err
	}
	for _, p := range partitions {
		messages += max(0, next[p]-max(first[p], marks[p])) // marks may be of a hub that had the name before
	}
	return messages, nil
}

// partitions are those of the hub.
func (h *Hub) partitions(ctx context.Context, client *kgo.Client) (list []int32, err error) {
	request, topic := kmsg.NewPtrMetadataRequest(), kmsg.NewMetadataRequestTopic()
	topic.Topic = &h.Name
	request.Topics = append(request.Topics, topic)
	answer, err := request.RequestWith(ctx, client)
	if err != nil {
		return nil, err
	}
	if len(answer.Topics) != 1 {
		return nil, kerr.UnknownTopicOrPartition
	}
	for _, p := range answer.Topics[0].Partitions {
		list = append(list, p.Partition)
	}
	return list, kerr.ErrorForCode(answer.Topics[0].ErrorCode)
}

// offsets are where each partition begins or ends.
func (h *Hub) offsets(
	ctx context.Context, client *kgo.Client, partitions []int32, at int64,
) (map[int32]int64, error) {
	request, topic := kmsg.NewPtrListOffsetsRequest(), kmsg.NewListOffsetsRequestTopic()
	topic.Topic = h.Name
	for _, partition := range partitions {
		p := kmsg.NewListOffsetsRequestTopicPartition()
		p.Partition, p.Timestamp = partition, at
		topic.Partitions = append(topic.Partitions, p)
	}
	request.Topics = append(request.Topics, topic)
	answer, err := request.RequestWith(ctx, client)
	if err != nil {
		return nil, err
	}
	offsets := map[int32]int64{}
	for _, topic := range answer.Topics {
		for _, p := range topic.Partitions {
			if err := kerr.ErrorForCode(p.ErrorCode); err != nil {
				return nil, err
			}
			offsets[p.Partition] = p.Offset
		}
	}
	return offsets, nil
}

// marks are up to where the consumer group has read each partition, if it has.
func (h *Hub) marks(ctx context.Context, client *kgo.Client, partitions []int32) (map[int32]int64, error) {
	request, topic := kmsg.NewPtrOffsetFetchRequest(), kmsg.NewOffsetFetchRequestTopic()
	request.Group, topic.Topic, topic.Partitions = h.Group, h.Name, partitions
	request.Topics = append(request.Topics, topic)
	answer, err := request.RequestWith(ctx, client)
	if err == nil {
		err = kerr.ErrorForCode(answer.ErrorCode)
	}
	if errors.Is(err, kerr.GroupIDNotFound) {
		return nil, nil // nobody has read anything yet
	}
	if err != nil {
		return nil, err
	}
	marks := map[int32]int64{}
	for _, topic := range answer.Topics {
		for _, p := range topic.Partitions {
			if err := kerr.ErrorForCode(p.ErrorCode); err != nil {
				return nil, err
			}
			marks[p.Partition] = p.Offset
		}
	}
	return marks, nil
}
