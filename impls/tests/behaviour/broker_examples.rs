//! What the broker does, each behaviour with the page of rabbitmq.com/docs that documents it.
//! A long file, since it is a list.

use contend_impls::service::broker::{Broker, Kind, Settings};
use contend_model::message::broker::{Declare, Exchange, Queue, Receipt, Request};
use contend_model::time::Span;
use expect_test::expect;

use super::stepped::{A, B, C, Stepped, item};

const SETTINGS: Settings = Settings {
    kind: Kind::Classic,
    ack_timeout: Some(Span::ms(3)),
    delivery_limit: None,
    sync_every: Span::ms(1),
    lacks: None,
};

const NOTHING: Declare = Declare { exchange: None, queue: None, bind: false, durable: false };
const TASKS: Declare = Declare {
    exchange: Some(Exchange::Tasks),
    queue: Some(Queue::Tasks),
    bind: true,
    durable: true,
};

fn broker(settings: Settings) -> Stepped<Broker> {
    Stepped::new(Broker::new(settings))
}

fn publish(number: u16, declare: Declare, receipt: Receipt) -> Request {
    let (exchange, key, item) = (Exchange::Tasks, Queue::Tasks, item(number));
    let (persistent, mandatory) = (true, receipt == Receipt::Confirm);
    Request::Publish { declare, exchange, key, item, persistent, mandatory, receipt }
}

fn consume(prefetch: u8) -> Request {
    Request::Consume { declare: TASKS, queue: Queue::Tasks, auto_ack: false, prefetch }
}

#[test]
fn what_cannot_be_routed_is_dropped_or_returned_before_it_is_confirmed() {
    // /confirms#when-publishes-are-confirmed; /publishers, on unroutable messages.
    let declare = Declare { exchange: Some(Exchange::Tasks), ..NOTHING };
    broker(SETTINGS)
        .says(A, publish(1, declare, Receipt::CloseOk))
        .says(A, publish(2, declare, Receipt::Confirm))
        .check(expect![[r#"
            A: exchange.declare tasks; basic.publish tasks tasks itemA1 persistent; connection.close
              → A: connection.close-ok
            A: exchange.declare tasks; confirm.select; basic.publish tasks tasks itemA2 persistent mandatory
              → A: basic.return 312 NO_ROUTE; basic.ack
        "#]]);
}

#[test]
fn an_exchange_that_is_not_there_closes_the_channel() {
    // /channels, on errors: 404 NOT_FOUND.
    broker(SETTINGS).says(A, publish(1, NOTHING, Receipt::Confirm)).check(expect![[r#"
        A: confirm.select; basic.publish tasks tasks itemA1 persistent mandatory
          → A: channel.close 404 NOT_FOUND
    "#]]);
}

#[test]
fn the_default_exchange_routes_to_the_queue_of_that_name() {
    // /exchanges, on the default exchange.
    let by_name = Request::Publish {
        declare: Declare { queue: Some(Queue::Tasks), ..NOTHING },
        exchange: Exchange::Default,
        key: Queue::Tasks,
        item: item(1),
        persistent: false,
        mandatory: true,
        receipt: Receipt::Confirm,
    };
    broker(SETTINGS).says(A, by_name).says(B, consume(0)).check(expect![[r#"
        A: queue.declare tasks; confirm.select; basic.publish '' tasks itemA1 mandatory
          → A: basic.ack
        B: exchange.declare tasks durable; queue.declare tasks durable; queue.bind; basic.consume tasks
          → B: basic.consume-ok
          → B: basic.deliver 1 itemA1
    "#]]);
}

#[test]
fn a_fanout_exchange_copies_to_all_who_are_bound_by_then() {
    // /exchanges, on fanout; /queues, on exclusive queues.
    let events = Declare { exchange: Some(Exchange::Events), ..NOTHING };
    let own = |peer: contend_model::ident::Peer| {
        let queue = Queue::Own(peer.node);
        let declare = Declare { queue: Some(queue), bind: true, ..events };
        Request::Consume { declare, queue, auto_ack: true, prefetch: 0 }
    };
    let event = |number| Request::Publish {
        declare: events,
        exchange: Exchange::Events,
        key: Queue::Tasks,
        item: item(number),
        persistent: false,
        mandatory: true,
        receipt: Receipt::Confirm,
    };
    broker(SETTINGS)
        .says(A, event(1))
        .says(B, own(B))
        .says(C, own(C))
        .says(A, event(2))
        .leaves(B)
        .leaves(C)
        .says(A, event(3))
        .check(expect![[r#"
            A: exchange.declare events; confirm.select; basic.publish events tasks itemA1 mandatory
              → A: basic.return 312 NO_ROUTE; basic.ack
            B: exchange.declare events; queue.declare amq.gen-B; queue.bind; basic.consume amq.gen-B no-ack
              → B: basic.consume-ok
            C: exchange.declare events; queue.declare amq.gen-C; queue.bind; basic.consume amq.gen-C no-ack
              → C: basic.consume-ok
            A: exchange.declare events; confirm.select; basic.publish events tasks itemA2 mandatory
              → A: basic.ack
              → B: basic.deliver 1 itemA2
              → C: basic.deliver 1 itemA2
            B is gone
            C is gone
            A: exchange.declare events; confirm.select; basic.publish events tasks itemA3 mandatory
              → A: basic.return 312 NO_ROUTE; basic.ack
        "#]]);
}

#[test]
fn consumers_take_turns_up_to_their_prefetch() {
    // /confirms#channel-qos-prefetch; /consumer-prefetch; deliveries go round-robin (/queues).
    broker(SETTINGS)
        .says(B, consume(1))
        .says(C, consume(1))
        .says(A, publish(1, TASKS, Receipt::Confirm))
        .says(A, publish(2, TASKS, Receipt::Confirm))
        .says(A, publish(3, TASKS, Receipt::Confirm))
        .says(C, Request::Ack { tag: 1 })
        .check(expect![[r#"
            B: exchange.declare tasks durable; queue.declare tasks durable; queue.bind; basic.qos 1; basic.consume tasks
              → B: basic.consume-ok
            C: exchange.declare tasks durable; queue.declare tasks durable; queue.bind; basic.qos 1; basic.consume tasks
              → C: basic.consume-ok
            A: exchange.declare tasks durable; queue.declare tasks durable; queue.bind; confirm.select; basic.publish tasks tasks itemA1 persistent mandatory
              → A: basic.ack
              → B: basic.deliver 1 itemA1
            A: exchange.declare tasks durable; queue.declare tasks durable; queue.bind; confirm.select; basic.publish tasks tasks itemA2 persistent mandatory
              → A: basic.ack
              → C: basic.deliver 1 itemA2
            A: exchange.declare tasks durable; queue.declare tasks durable; queue.bind; confirm.select; basic.publish tasks tasks itemA3 persistent mandatory
              → A: basic.ack
            C: basic.ack 1
              → C: basic.deliver 2 itemA3
        "#]]);
}

#[test]
fn without_a_prefetch_the_first_consumer_hoards() {
    // /confirms#channel-qos-prefetch: 0 means no limit.
    broker(SETTINGS)
        .says(A, publish(1, TASKS, Receipt::Confirm))
        .says(A, publish(2, TASKS, Receipt::Confirm))
        .says(B, consume(0))
        .says(C, consume(0))
        .check(expect![[r#"
            A: exchange.declare tasks durable; queue.declare tasks durable; queue.bind; confirm.select; basic.publish tasks tasks itemA1 persistent mandatory
              → A: basic.ack
            A: exchange.declare tasks durable; queue.declare tasks durable; queue.bind; confirm.select; basic.publish tasks tasks itemA2 persistent mandatory
              → A: basic.ack
            B: exchange.declare tasks durable; queue.declare tasks durable; queue.bind; basic.consume tasks
              → B: basic.consume-ok
              → B: basic.deliver 1 itemA1
              → B: basic.deliver 2 itemA2
            C: exchange.declare tasks durable; queue.declare tasks durable; queue.bind; basic.consume tasks
              → C: basic.consume-ok
        "#]]);
}

#[test]
fn what_was_not_acknowledged_comes_back_to_its_place_when_the_connection_ends() {
    // /confirms#automatic-requeueing; /confirms#consumer-nacks-requeue on the position.
    broker(SETTINGS)
        .says(A, publish(1, TASKS, Receipt::Confirm))
        .says(A, publish(2, TASKS, Receipt::Confirm))
        .says(B, consume(1))
        .leaves(B)
        .says(C, consume(2))
        .check(expect![[r#"
            A: exchange.declare tasks durable; queue.declare tasks durable; queue.bind; confirm.select; basic.publish tasks tasks itemA1 persistent mandatory
              → A: basic.ack
            A: exchange.declare tasks durable; queue.declare tasks durable; queue.bind; confirm.select; basic.publish tasks tasks itemA2 persistent mandatory
              → A: basic.ack
            B: exchange.declare tasks durable; queue.declare tasks durable; queue.bind; basic.qos 1; basic.consume tasks
              → B: basic.consume-ok
              → B: basic.deliver 1 itemA1
            B is gone
            C: exchange.declare tasks durable; queue.declare tasks durable; queue.bind; basic.qos 2; basic.consume tasks
              → C: basic.consume-ok
              → C: basic.deliver 1 itemA1 redelivered
              → C: basic.deliver 2 itemA2
        "#]]);
}

#[test]
fn an_unknown_tag_closes_the_channel_and_what_it_held_comes_back() {
    // /confirms#consumer-acks-double-acking.
    broker(SETTINGS)
        .says(A, publish(1, TASKS, Receipt::Confirm))
        .says(B, consume(1))
        .says(B, Request::Ack { tag: 7 })
        .says(B, Request::Ack { tag: 1 })
        .says(C, consume(1))
        .check(expect![[r#"
            A: exchange.declare tasks durable; queue.declare tasks durable; queue.bind; confirm.select; basic.publish tasks tasks itemA1 persistent mandatory
              → A: basic.ack
            B: exchange.declare tasks durable; queue.declare tasks durable; queue.bind; basic.qos 1; basic.consume tasks
              → B: basic.consume-ok
              → B: basic.deliver 1 itemA1
            B: basic.ack 7
              → B: channel.close 406 PRECONDITION_FAILED
            B: basic.ack 1
            C: exchange.declare tasks durable; queue.declare tasks durable; queue.bind; basic.qos 1; basic.consume tasks
              → C: basic.consume-ok
              → C: basic.deliver 1 itemA1 redelivered
        "#]]);
}

#[test]
fn a_delivery_that_is_not_acknowledged_in_time_closes_the_channel() {
    // /consumers, on the acknowledgement timeout.
    broker(SETTINGS)
        .says(A, publish(1, TASKS, Receipt::Confirm))
        .says(B, consume(1))
        .says(C, consume(1))
        .waits(0)
        .check(expect![[r#"
            A: exchange.declare tasks durable; queue.declare tasks durable; queue.bind; confirm.select; basic.publish tasks tasks itemA1 persistent mandatory
              → A: basic.ack
            B: exchange.declare tasks durable; queue.declare tasks durable; queue.bind; basic.qos 1; basic.consume tasks
              → B: basic.consume-ok
              → B: basic.deliver 1 itemA1
            C: exchange.declare tasks durable; queue.declare tasks durable; queue.bind; basic.qos 1; basic.consume tasks
              → C: basic.consume-ok
            time passes
              → B: channel.close 406 PRECONDITION_FAILED
              → C: basic.deliver 1 itemA1 redelivered
        "#]]);
}

#[test]
fn a_restart_keeps_what_is_durable_persistent_and_written() {
    // /queues, on durability; /confirms#publisher-confirms-and-guaranteed-delivery: what was not
    // confirmed need not be on disk.
    broker(SETTINGS)
        .says(A, publish(1, TASKS, Receipt::Confirm))
        .says(A, publish(2, NOTHING, Receipt::CloseOk))
        .restarts()
        .says(B, consume(0))
        .check(expect![[r#"
            A: exchange.declare tasks durable; queue.declare tasks durable; queue.bind; confirm.select; basic.publish tasks tasks itemA1 persistent mandatory
              → A: basic.ack
            A: basic.publish tasks tasks itemA2 persistent; connection.close
              → A: connection.close-ok
            the server restarts
            B: exchange.declare tasks durable; queue.declare tasks durable; queue.bind; basic.consume tasks
              → B: basic.consume-ok
              → B: basic.deliver 1 itemA1
        "#]]);
    broker(SETTINGS)
        .says(A, publish(2, TASKS, Receipt::CloseOk))
        .syncs()
        .restarts()
        .says(B, consume(0))
        .check(expect![[r#"
            A: exchange.declare tasks durable; queue.declare tasks durable; queue.bind; basic.publish tasks tasks itemA2 persistent; connection.close
              → A: connection.close-ok
            the disk is written
            the server restarts
            B: exchange.declare tasks durable; queue.declare tasks durable; queue.bind; basic.consume tasks
              → B: basic.consume-ok
              → B: basic.deliver 1 itemA2
        "#]]);
    let transient = Declare { durable: false, ..TASKS };
    broker(SETTINGS)
        .says(A, publish(1, transient, Receipt::Confirm))
        .restarts()
        .says(A, publish(2, NOTHING, Receipt::Confirm))
        .check(expect![[r#"
            A: exchange.declare tasks; queue.declare tasks; queue.bind; confirm.select; basic.publish tasks tasks itemA1 persistent mandatory
              → A: basic.ack
            the server restarts
            A: confirm.select; basic.publish tasks tasks itemA2 persistent mandatory
              → A: channel.close 404 NOT_FOUND
        "#]]);
}

#[test]
fn what_comes_back_more_often_than_the_limit_is_a_dead_letter() {
    // /quorum-queues#poison-message-handling; /dlx.
    let limited = Settings { kind: Kind::Quorum, delivery_limit: Some(1), ..SETTINGS };
    let dead = Declare { queue: Some(Queue::Dead), durable: true, ..NOTHING };
    let nack = |tag| Request::Nack { tag, requeue: true };
    let read_dead =
        Request::Consume { declare: dead, queue: Queue::Dead, auto_ack: true, prefetch: 0 };
    broker(limited)
        .says(C, read_dead)
        .says(A, publish(1, TASKS, Receipt::Confirm))
        .says(B, consume(1))
        .says(B, nack(1))
        .says(B, nack(2))
        .check(expect![[r#"
            C: queue.declare dead durable; basic.consume dead no-ack
              → C: basic.consume-ok
            A: exchange.declare tasks durable; queue.declare tasks durable; queue.bind; confirm.select; basic.publish tasks tasks itemA1 persistent mandatory
              → A: basic.ack
            B: exchange.declare tasks durable; queue.declare tasks durable; queue.bind; basic.qos 1; basic.consume tasks
              → B: basic.consume-ok
              → B: basic.deliver 1 itemA1
            B: basic.nack 1 requeue
              → B: basic.deliver 2 itemA1 redelivered
            B: basic.nack 2 requeue
              → C: basic.deliver 1 itemA1
        "#]]);
}

#[test]
fn a_quorum_queue_delivers_what_came_back_in_the_order_of_its_return() {
    // /quorum-queues#repeated-requeues; a classic queue puts it back to its place
    // (/confirms#consumer-nacks-requeue).
    let returned = |kind| {
        broker(Settings { kind, ..SETTINGS })
            .says(A, publish(1, TASKS, Receipt::Confirm))
            .says(A, publish(2, TASKS, Receipt::Confirm))
            .says(B, consume(1))
            .says(C, consume(1))
            .leaves(C)
            .leaves(B)
            .says(C, consume(0))
    };
    returned(Kind::Quorum).check(expect![[r#"
        A: exchange.declare tasks durable; queue.declare tasks durable; queue.bind; confirm.select; basic.publish tasks tasks itemA1 persistent mandatory
          → A: basic.ack
        A: exchange.declare tasks durable; queue.declare tasks durable; queue.bind; confirm.select; basic.publish tasks tasks itemA2 persistent mandatory
          → A: basic.ack
        B: exchange.declare tasks durable; queue.declare tasks durable; queue.bind; basic.qos 1; basic.consume tasks
          → B: basic.consume-ok
          → B: basic.deliver 1 itemA1
        C: exchange.declare tasks durable; queue.declare tasks durable; queue.bind; basic.qos 1; basic.consume tasks
          → C: basic.consume-ok
          → C: basic.deliver 1 itemA2
        C is gone
        B is gone
        C: exchange.declare tasks durable; queue.declare tasks durable; queue.bind; basic.consume tasks
          → C: basic.consume-ok
          → C: basic.deliver 1 itemA2 redelivered
          → C: basic.deliver 2 itemA1 redelivered
    "#]]);
    returned(Kind::Classic).check(expect![[r#"
        A: exchange.declare tasks durable; queue.declare tasks durable; queue.bind; confirm.select; basic.publish tasks tasks itemA1 persistent mandatory
          → A: basic.ack
        A: exchange.declare tasks durable; queue.declare tasks durable; queue.bind; confirm.select; basic.publish tasks tasks itemA2 persistent mandatory
          → A: basic.ack
        B: exchange.declare tasks durable; queue.declare tasks durable; queue.bind; basic.qos 1; basic.consume tasks
          → B: basic.consume-ok
          → B: basic.deliver 1 itemA1
        C: exchange.declare tasks durable; queue.declare tasks durable; queue.bind; basic.qos 1; basic.consume tasks
          → C: basic.consume-ok
          → C: basic.deliver 1 itemA2
        C is gone
        B is gone
        C: exchange.declare tasks durable; queue.declare tasks durable; queue.bind; basic.consume tasks
          → C: basic.consume-ok
          → C: basic.deliver 1 itemA1 redelivered
          → C: basic.deliver 2 itemA2 redelivered
    "#]]);
}

#[test]
fn a_quorum_queue_without_a_delivery_limit_takes_what_is_handed_back_at_its_end() {
    // /quorum-queues#repeated-requeues: to the back if no delivery limit is set, else near the head.
    let handed_back = |delivery_limit| {
        broker(Settings { kind: Kind::Quorum, delivery_limit, ..SETTINGS })
            .says(A, publish(1, TASKS, Receipt::Confirm))
            .says(A, publish(2, TASKS, Receipt::Confirm))
            .says(B, consume(1))
            .says(B, Request::Nack { tag: 1, requeue: true })
    };
    handed_back(None).check(expect![[r#"
        A: exchange.declare tasks durable; queue.declare tasks durable; queue.bind; confirm.select; basic.publish tasks tasks itemA1 persistent mandatory
          → A: basic.ack
        A: exchange.declare tasks durable; queue.declare tasks durable; queue.bind; confirm.select; basic.publish tasks tasks itemA2 persistent mandatory
          → A: basic.ack
        B: exchange.declare tasks durable; queue.declare tasks durable; queue.bind; basic.qos 1; basic.consume tasks
          → B: basic.consume-ok
          → B: basic.deliver 1 itemA1
        B: basic.nack 1 requeue
          → B: basic.deliver 2 itemA2
    "#]]);
    handed_back(Some(20)).check(expect![[r#"
        A: exchange.declare tasks durable; queue.declare tasks durable; queue.bind; confirm.select; basic.publish tasks tasks itemA1 persistent mandatory
          → A: basic.ack
        A: exchange.declare tasks durable; queue.declare tasks durable; queue.bind; confirm.select; basic.publish tasks tasks itemA2 persistent mandatory
          → A: basic.ack
        B: exchange.declare tasks durable; queue.declare tasks durable; queue.bind; basic.qos 1; basic.consume tasks
          → B: basic.consume-ok
          → B: basic.deliver 1 itemA1
        B: basic.nack 1 requeue
          → B: basic.deliver 2 itemA1 redelivered
    "#]]);
}
