//! A data file uploaded: a small one in one request, a large one piece by piece and on from where it broke off, by
//! another run, too.
//!
//! Without settings it starts the sandbox, and has it break. With `QLIK_HOST`, `QLIK_API_KEY` and the path of a file as
//! the argument it uploads that file to your tenant.

use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use qlik::rest::files::Upload;
use qlik::{Auth, Qlik};
use qlik_sandbox::{Fault, Harm, Sandbox};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    if std::env::var_os("QLIK_HOST").is_some() {
        let path = std::env::args().nth(1).ok_or("give the path of the file to upload as the argument")?;
        let file = Upload::path(PathBuf::from(path)).on_progress(|sent| println!("{:?} %", percent(sent.fraction())));
        let made = Qlik::from_env()?.data_files().upload_file(file).await?;
        println!("Uploaded        {} as {}", made.name, made.id);
        return Ok(());
    }
    let sandbox = Sandbox::start().await?;
    let qlik = Qlik::builder(sandbox.host()).auth(Auth::api_key(sandbox.api_key())).build()?;

    let small = qlik.data_files().upload_file(Upload::bytes("regions.csv", "region\nEMEA\nAPAC\n")).await?;
    println!("Small           {} as {}", small.name, small.id);

    // 24 MiB, in pieces of 8; the connection breaks at the second.
    let rows: String = (0..2_000_000).map(|row| format!("{row:>11}\n")).collect();
    let broken = Fault::new("/api/v1/temp-contents/files/*", Harm::Status(400)).method("PATCH").after(1);
    sandbox.faults().add(broken);
    let begun = Arc::new(Mutex::new(String::new()));
    let keeper = begun.clone();
    let large = || {
        Upload::bytes("rows.csv", rows.clone())
            .on_progress(|sent| println!("  sent          {} %", percent(sent.fraction())))
    };
    let kept = large().on_begun(move |id| {
        if let Ok(mut kept) = keeper.lock() {
            id.clone_into(&mut kept);
        }
    });
    let error = qlik.data_files().upload_file(kept).direct_up_to(1 << 20).await.err();
    println!("Broken off      {}", error.map(|error| error.to_string()).unwrap_or_default());

    // Another run knows the id alone, and goes on from there.
    sandbox.faults().clear();
    let id = begun.lock().map(|id| id.clone()).unwrap_or_default();
    let made = qlik.data_files().upload_file(large().resume(id)).await?;
    println!("Large           {} as {}", made.name, made.id);
    Ok(())
}

fn percent(fraction: Option<f64>) -> u32 {
    (fraction.unwrap_or_default() * 100.0) as u32
}
