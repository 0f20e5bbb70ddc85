//! What a person, an agent or a program reads of a [`Report`](exuvia_model::Report).
//!
//! Each format lays out one and the same view of the report. Everything in it that came from
//! outside is cleaned when the view is made and escaped by the format: a name, a summary or an
//! excerpt can neither steer a terminal nor become a link, an image or a heading. Every text ends
//! with a line break.

mod html;
mod json;
mod lang;
mod markdown;
mod place;
mod plain;
mod terminal;
#[cfg(test)]
mod tests;
mod text;
mod view;
pub mod words;

pub use html::{CannotRender, html};
pub use json::{json, json_schema};
pub use lang::Lang;
pub use markdown::{markdown, md_line};
pub use plain::{all_up_to_date, blocked};
pub use terminal::{Style, terminal, terminal_detail};
