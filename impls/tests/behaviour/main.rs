//! What services do, as conversations and against references that are too simple to be wrong, and what some
//! locks do in scopes of their own. One program, so that it is linked once.

mod bounded_mutants;
mod broker_examples;
mod broker_reference;
mod conversation;
mod database;
mod file_lock_three_clients;
mod files_examples;
mod files_reference;
mod kv_examples;
mod kv_reference;
mod lock_server_examples;
mod lock_server_reference;
mod log_examples;
mod log_reference;
mod reference;
mod service;
mod sorted_set_examples;
mod sorted_set_reference;
mod sql_slow;
mod stepped;
mod stepped_store;
mod store_examples;
mod store_reference;
mod stream_examples;
mod table_examples;
mod table_reference;
mod table_session_examples;
mod task_server_examples;
mod task_server_reference;
mod too_early;
mod tree_conversations;
mod tree_examples;
mod tree_followers;
mod tree_reference;
mod waiting_locks;
